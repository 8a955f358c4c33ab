import { idsOf, schemaOf, type Subject } from './subject.ts';
import type { Random } from './random.ts';
import { expressionSpots, isFields, textOf } from './tree.ts';

/** Paths that the definition's own expressions read, and some that every object has. */
function paths(subject: Subject): string[] {
  const names = ['schema', ...idsOf(subject)];
  const read = expressionSpots(subject.definition['spec']).flatMap(({ value }) =>
    [...textOf(value).matchAll(/\b[a-z]\w*(?:\.\??[A-Za-z_]\w*)+/g)].map(([path]) => path),
  );
  const spec = schemaOf(subject)['spec'];
  const fields = isFields(spec) ? Object.keys(spec).filter((name) => /^[A-Za-z_]\w*$/.test(name)) : [];
  return [
    ...read.filter((path) => names.includes(path.split('.')[0] as string)),
    ...fields.map((name) => `schema.spec.${name}`),
    ...names.flatMap((name) => [`${name}.metadata.name`, `${name}.metadata`]),
    ...names.slice(1).flatMap((name) => [name, `${name}.spec`, `${name}.status`, `${name}.data`]),
  ];
}

export function valueTexts(subject: Subject, random: Random): string[] {
  const some = paths(subject);
  const [a, b] = [random.pick(some), random.pick(some)];
  return [
    a,
    a,
    a,
    `string(${a})`,
    `${a} + "-x"`,
    `${a} + ${b}`,
    `${a} == ${b} ? ${a} : ${b}`,
    `has(${a}) ? ${a} : ""`,
    `size(${a})`,
    `dyn(${a})`,
    `[${a}, ${b}]`,
    `{"name": ${a}}`,
    `{"name": ${a}, "value": dyn(${b})}`,
    a.replace('.', '.?'),
    `${a.replace('.', '.?')}.orValue("x")`,
    `${a}.orValue(1)`,
    `[${a}].map(x, x)`,
    `${a}.map(x, x.metadata.name)`,
    `${a}.filter(x, x == ${b})`,
    `${a}[0]`,
    `${a}["name"]`,
    `base64.encode(bytes(${a}))`,
    `json.marshal(${a})`,
    `int(${a})`,
    `double(${a}) * 2.0`,
    `${a}.nope`,
    `${a}.toUpper()`,
    `nope(${a})`,
    `nothing.metadata.name`,
    `omit()`,
    `cel.bind(v, ${a}, v + v)`,
    `timestamp("2026-01-02T03:04:05Z")`,
    `duration("1h")`,
    `quantity("1Gi").asInteger()`,
    `null`,
    `1u`,
    `"text"`,
    `1`,
    `1.5`,
    `b"x"`,
    `${a} ==`,
    `a b`,
  ];
}

export function conditionTexts(subject: Subject, id: string, random: Random): string[] {
  const some = paths(subject);
  const own = some.filter((path) => path.startsWith(`${id}.`));
  const a = random.chance(0.6) && own.length > 0 ? random.pick(own) : random.pick(some);
  return [
    `\${${a} == "a"}`,
    `\${${a}}`,
    `\${has(${a})}`,
    `\${${a} > 0}`,
    `\${${a.replace('.', '.?')} == optional.of("a")}`,
    `\${${a.replace('.', '.?')}.orValue("") == "a"}`,
    `\${${id}.metadata.name == "a"}`,
    `\${${id}.status.?conditions.orValue([]).exists(c, c.type == "Ready" && c.status == "True")}`,
    `\${each.metadata.name == "a"}`,
    '${schema.metadata.name != "none"}',
    '${schema.spec.size() > 0}',
    '${true}',
    '${dyn(true)}',
    '${optional.of(true)}',
    'true',
    ` \${${a} == "a"}`,
  ];
}

export function listTexts(subject: Subject, random: Random): string[] {
  const a = random.pick(paths(subject));
  return [
    `\${${a}}`,
    '${["a", "b"]}',
    '${[1, 2]}',
    '${lists.range(3)}',
    '${[{"name": "a", "value": "b"}]}',
    `\${[${a}]}`,
    '${["a", "b"].filter(x, x != schema.metadata.name)}',
    '${["a"] + []}',
    '${[]}',
    '${dyn(["a"])}',
    '${{"a": 1}}',
    'a',
    ...Object.keys(isFields(schemaOf(subject)['spec']) ? (schemaOf(subject)['spec'] as object) : {}).map(
      (name) => `\${schema.spec.${name}}`,
    ),
  ];
}

/** Changes a text that has an expression. */
export function editExpression(text: string, subject: Subject, random: Random): string {
  const inside = text.indexOf('${') + 2;
  const at = inside + random.below(Math.max(1, text.length - inside));
  const names = ['schema', ...idsOf(subject), 'nothing', 'each'];
  return random.pick([
    () => text.slice(0, at) + text.slice(at + 1),
    () =>
      text.slice(0, at) +
      random.pick(['.', ' ', '"', '}', '{', '$', '${', '?', '(', ')', '[', '\\', "'", 'a', '1', '!', ',']) +
      text.slice(at),
    () => text.replace(/\$\{([a-z]\w*)/, () => `\${${random.pick(names)}`),
    () => text.replace(/\b(schema|[a-z]\w*)\./, () => `${random.pick(names)}.`),
    () => text.replace(/\.(\w+)/, () => `.${random.pick(['nope', 'name', 'metadata', 'spec', 'status'])}`),
    () => text.replace(/\.(\w+)(?!.*\.\w)/s, ''),
    () => text.replace(/\.(\w+)/, '.?$1'),
    () => text.replace('.?', '.'),
    () => text.replace(/\$\{([^}]*)\}/, (_, body: string) => `\${string(${body})}`),
    () =>
      text.replace(
        /\$\{([^}]*)\}/,
        (_, body: string) =>
          `\${${random.pick(['int', 'size', 'dyn', 'has', 'type', '!', '-', 'string', 'bool'])}(${body})}`,
      ),
    () =>
      text.replace(/==|!=|>=|<=|&&|\|\||[+<>]/, () => random.pick(['==', '!=', '<', '>=', '+', '-', '&&', '||', 'in'])),
    () => `${text}x`,
    () => ` ${text}`,
    () => text + text,
    () => text.replace(/"([^"]*)"/, () => random.pick(['1', '1.0', 'true', 'null', '"other"'])),
    () => text.replace(/\b\d+\b/, () => random.pick(['"1"', '1.5', '1u', '-1', '99999999999'])),
    () => text.replace(/orValue\([^)]*\)/, () => random.pick(['orValue("")', 'orValue(0)', 'value()', 'hasValue()'])),
    () => `\${${random.pick(valueTexts(subject, random))}}`,
  ])();
}
