const escapes: readonly (readonly [RegExp, string])[] = [
  [/__dot__/g, '.'],
  [/__dash__/g, '-'],
  [/__slash__/g, '/'],
  [/__underscores__/g, '__'],
];
const reserved: ReadonlySet<string> = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);

/** The JSON name behind a field as CEL spells it; `undefined` when no JSON name is spelt so. */
export function unescapeField(field: string): string | undefined {
  if (/[^A-Za-z0-9_]/.test(field)) return undefined;
  if (!field.includes('__')) return field;
  const keyword = /^__([a-z]+)__$/.exec(field)?.[1];
  if (keyword !== undefined && reserved.has(keyword)) return keyword;
  const marker = '\u0000';
  let rest = field;
  const found: string[] = [];
  rest = rest.replace(/__(dot|dash|slash|underscores)__/g, (text) => {
    found.push(text);
    return marker;
  });
  if (rest.includes('__')) return undefined;
  return rest.replaceAll(marker, () => {
    let text = found.shift() ?? '';
    for (const [pattern, plain] of escapes) text = text.replace(pattern, plain);
    return text;
  });
}
