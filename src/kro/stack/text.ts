/** A text as TypeScript source, in single quotes. */
export function quote(text: string): string {
  const inner = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${inner.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}'`;
}

/** A property's name as TypeScript source. */
function property(name: string): string {
  if (name === '__proto__') return "['__proto__']";
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quote(name);
}

/** Plain data as TypeScript source. */
export function data(value: unknown, indent = ''): string {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value))
    return list(
      value.map((item) => data(item, `${indent}  `)),
      indent,
    );
  if (typeof value !== 'object' || value === null) return String(value);
  return object(
    Object.entries(value).map(([name, field]) => [name, data(field, `${indent}  `)]),
    indent,
  );
}

/** An object literal; short ones stay on a line. */
export function object(fields: readonly (readonly [string, string])[], indent: string): string {
  if (fields.length === 0) return '{}';
  const entries = fields.map(([name, value]) => `${property(name)}: ${value}`);
  return brackets('{', '}', { entries, indent });
}

export function list(entries: readonly string[], indent: string): string {
  return entries.length === 0 ? '[]' : brackets('[', ']', { entries, indent });
}

function brackets(
  open: string,
  close: string,
  { entries, indent }: { entries: readonly string[]; indent: string },
): string {
  const blank = open === '{' ? ' ' : '';
  const line = `${open}${blank}${entries.join(', ')}${blank}${close}`;
  if (line.length + indent.length <= 90 && !line.includes('\n')) return line;
  return `${open}\n${entries.map((entry) => `${indent}  ${entry},\n`).join('')}${indent}${close}`;
}
