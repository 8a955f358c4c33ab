/** The value of an unquoted scalar as Go's reader (go.yaml.in/yaml/v2, below sigs.k8s.io/yaml) takes it. */
export function plainScalar(text: string): string | number | boolean | null {
  if (words.has(text)) return words.get(text) as boolean | null;
  return /^[-+.\d]/.test(text) ? (number(text) ?? text) : text;
}

const words: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ...cases(['y', 'yes', 'true', 'on'], true),
  ...cases(['n', 'no', 'false', 'off'], false),
  ...cases(['null'], null),
  ['', null],
  ['~', null],
]);

/** YAML 1.1 knows a word in lower case, capitalised and in upper case. */
function cases<T>(all: readonly string[], value: T): [string, T][] {
  return all.flatMap((word) =>
    [word, word.slice(0, 1).toUpperCase() + word.slice(1), word.toUpperCase()].map((each): [string, T] => [
      each,
      value,
    ]),
  );
}

const radices: Readonly<Record<string, number>> = { b: 2, o: 8, x: 16 };

function number(text: string): number | undefined {
  if (/^\d{4}-/.test(text)) return undefined;
  const plain = text.startsWith('.') ? text : text.replaceAll('_', '');
  return integer(plain) ?? (/^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/.test(plain) ? Number(plain) : infinite(text));
}

/** Go's ParseInt with base 0: `0b`, `0o`, `0x`, and octal behind a leading zero. */
function integer(text: string): number | undefined {
  const [, sign = '', prefix = '', digits = ''] = /^([-+]?)(0[bBoOxX]|0(?=\d))?([\da-fA-F]+)$/.exec(text) ?? [];
  if (digits === '') return undefined;
  const radix = prefix === '' ? 10 : (radices[prefix.slice(1).toLowerCase()] ?? 8);
  const allowed = radix === 16 ? /^[\da-fA-F]+$/ : radix === 10 ? /^\d+$/ : radix === 8 ? /^[0-7]+$/ : /^[01]+$/;
  if (!allowed.test(digits)) return undefined;
  const value = radix === 10 ? Number(digits) : Number.parseInt(digits, radix);
  return sign === '-' && value !== 0 ? -value : value;
}

/** JSON has no such numbers: the conversion to JSON fails on them. */
function infinite(text: string): number | undefined {
  if (/^[-+]?\.(inf|Inf|INF)$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  return /^\.(nan|NaN|NAN)$/.test(text) ? Number.NaN : undefined;
}
