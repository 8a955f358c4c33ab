const reserved: ReadonlySet<string> = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);
const words: ReadonlyMap<string, string> = new Map([
  ['underscores', '__'],
  ['dot', '.'],
  ['dash', '-'],
  ['slash', '/'],
]);

/** The JSON name behind a field as CEL spells it (`a__dash__b` is `a-b`); `undefined` for a spelling that has none. */
export function unescapeField(field: string): string | undefined {
  if (!field.includes('__')) return field;
  let valid = true;
  const name = field.replace(/__([^_]+)__/g, (text, word: string) => {
    const plain = words.get(word) ?? (reserved.has(word) && text === field ? word : undefined);
    valid &&= plain !== undefined;
    return plain ?? '';
  });
  return valid ? name : undefined;
}

/** The JSON name of a declared field: only the spelling that Kubernetes makes of the name counts, and a keyword itself. */
export function declaredField(field: string): string | undefined {
  const name = unescapeField(field);
  if (name === undefined || reserved.has(name)) return name;
  return escapeField(name) === field ? name : undefined;
}

/** How CEL spells a JSON name; `undefined` when it cannot. */
export function escapeField(name: string): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_./-]*$/.test(name)) return undefined;
  if (reserved.has(name)) return `__${name}__`;
  return name.replace(/__|[./-]/g, (part) => `__${[...words].find(([, plain]) => plain === part)?.[0]}__`);
}
