/** `strconv.FormatFloat(x, 'g', -1, 64)`: the shortest digits, with an exponent below 1e-4 and from 1e6. */
export function formatShortest(value: number): string {
  const special = formatSpecial(value);
  if (special !== undefined) return special === 'NaN' ? 'NaN' : value < 0 ? '-Inf' : '+Inf';
  if (Object.is(value, -0)) return '-0';
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power < -4 || power >= 6) return `${mantissa}e${signed(power)}`;
  return formatPlain(value);
}

/** `strconv.FormatFloat(x, 'f', -1, 64)`: the shortest digits, never an exponent. */
export function formatPlain(value: number): string {
  if (Object.is(value, -0)) return '-0';
  const text = String(value);
  const match = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (!match) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const power = Number(exponent);
  if (power > 0) return `${sign}${whole}${fraction}${'0'.repeat(power - fraction.length)}`;
  return `${sign}0.${'0'.repeat(-power - 1)}${whole}${fraction}`;
}

/** `NaN`, `Infinity` and `-Infinity`, as `format` writes them. */
export function formatSpecial(value: number): string | undefined {
  return Number.isFinite(value) ? undefined : String(value);
}

/** `%.Nf` with Go's rounding of ties to even. */
export function formatFixed(value: number, precision: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const absolute = Math.abs(value);
  if (absolute >= 1e21) return `${sign}${BigInt(absolute)}${precision > 0 ? `.${'0'.repeat(precision)}` : ''}`;
  const rounded = absolute.toFixed(precision);
  if (precision >= 100) return sign + rounded;
  const exact = absolute.toFixed(Math.min(100, precision + 60));
  const tail = exact.slice(precision === 0 ? exact.indexOf('.') + 1 : exact.indexOf('.') + 1 + precision);
  const kept = exact.slice(0, exact.length - tail.length - (precision === 0 ? 1 : 0));
  return sign + (/^50*$/.test(tail) && /[02468]$/.test(kept) ? kept : rounded);
}

/** `%.Ne` with Go's rounding of ties to even and an exponent of two digits. */
export function formatScientific(value: number, precision: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const absolute = Math.abs(value);
  const exact = absolute.toExponential(Math.min(100, precision + 40));
  const [digits = '', exponent = '0'] = exact.split('e');
  const [rounded = '', power = exponent] = absolute.toExponential(precision).split('e');
  const cut = precision === 0 ? 1 : precision + 2;
  const tail = digits.slice(precision === 0 ? 2 : cut);
  const kept = digits.slice(0, cut);
  const tie = /^50*$/.test(tail) && /[02468]$/.test(kept);
  return `${sign}${tie ? kept : rounded}e${signed(Number(tie ? exponent : power))}`;
}

function signed(power: number): string {
  return `${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** `strconv.ParseFloat(text, 64)`; `undefined` when it fails, out of range included. */
export function parseFloat64(text: string): number | undefined {
  if (/^[+-]?(inf|infinity)$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return Number.NaN;
  if (/^[+-]?0x/i.test(text)) return parseHexFloat(text);
  if (!/^[+-]?(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(e[+-]?\d[\d_]*)?$/i.test(text) || !/^[^_]*(\d_\d[^_]*)*$/.test(text))
    return undefined;
  const value = Number(text.replaceAll('_', ''));
  return Number.isFinite(value) ? value : undefined;
}

function parseHexFloat(text: string): number | undefined {
  const match = /^([+-]?)0x([0-9a-f_]*)\.?([0-9a-f_]*)p([+-]?\d+)$/i.exec(text);
  if (!match) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = (whole + fraction).replaceAll('_', '');
  if (digits === '') return undefined;
  const scale = Number(exponent) - 4 * fraction.replaceAll('_', '').length;
  const value = Number(BigInt(`0x${digits}`)) * 2 ** scale;
  return Number.isFinite(value) ? (sign === '-' ? -value : value) : undefined;
}

/** `strconv.ParseInt(text, 10, 64)`. */
export function parseInt64(text: string): bigint | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

/** `strconv.ParseUint(text, 10, 64)`. */
export function parseUint64(text: string): bigint | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  const value = BigInt(text);
  return BigInt.asUintN(64, value) === value ? value : undefined;
}
