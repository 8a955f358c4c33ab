/** Texts that a reader of YAML may take for something else, or that are hard to write down. */
const awkwardTexts: readonly string[] = [
  '', ' ', '~', 'null', 'Null', 'true', 'TRUE', 'false', 'y', 'Y', 'n', 'N', 'yes', 'No', 'on', 'Off', 'ON',
  '0', '-0', '+1', '-1', '007', '0777', '08', '0o17', '0b11', '0x1F', '0X1f', '-0X1f', '+0x1f', '0B11', '0O17', '0b_1', '0x_1f', '0x1_f', '1_000', '1__0', '1_', '_1', '-1_0', '1_0.5', '12_e3', '1e3', '1E3', '12e03', '1e', '1.', '.5', '.', '..', '-.5', '+.5',
  '1.5e+3', '0x', '0b2', '.inf', '-.Inf', '+.INF', '.nan', '.NaN', 'inf', 'NaN', 'Infinity', '1:30', '190:20:30', '1:30.5', '12345678901234567890', '1.0', '1.10',
  '2001-01-01', '2001-1-1', '2001-01-01T00:00:00Z', '2001-12-14 21:59:43.10 -5', '12:30', '=', '<<', '-', '--', '---', '...', '--- x', '- a', '? a', ': a', 'a: b', 'a:', ':a', 'a:b', '# c', 'a #b', 'a#b',
  '*a', '&a', '!x', '!!str x', '%x', '@x', '`x`', '{a', '{}', '[a', '[]', ',a', '|', '>', '>-', '"', '"a"', "'", "it's", "'a'", 'a"b', '\\', '\\n', 'a\\', '$', '${schema.spec.x}', '{{ x }}',
  ' x', 'x ', '\tx', 'x\t', 'a\tb', '\n', '\n\n', 'a\n', 'a\n\n', 'a\nb', 'a\nb\n', 'a\n\nb', '\na', ' a\nb', 'a\n b\n', '  a\n b', 'a \nb', '\t\na', 'a\n\t', '# a\nb', '---\na', 'a\n---\nb', 'a\n...\nb', 'a\r\nb', 'a\rb', '\r',
  '\u0000', '\u0007', '\u001b', '\u007f', '\u0085', '\u00a0', '\u2028', '\u2029', '\ufeff', 'a\ufeffb', '\ufffd', 'é', '日本', '😀', 'e\u0301', 'x'.repeat(300), `${'word '.repeat(60)}end`, `${'line '.repeat(40)}\n${'more '.repeat(40)}`,
]; // biome-ignore format: a table

/** An object with all of them, as values and as keys. */
export const awkwardObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'awkward' },
  data: Object.fromEntries(awkwardTexts.map((text, index) => [`text${index}`, text])),
  keys: Object.fromEntries(awkwardTexts.map((text, index) => [text, index])),
  list: awkwardTexts,
  numbers: [0, 1, -1, 1.5, 0.1, 1e21, 1e-7, Number.MAX_SAFE_INTEGER],
  nested: [[1, [2]], [], {}, [{}], [{ a: 1, b: [1] }], null, true, false, { '': 1 }],
};
