import { defineScalarTag, DUMP_SCHEMA, dump, NOT_RESOLVED } from 'js-yaml';

/** What Go's reader takes for a number and js-yaml does not: `_` anywhere in it, prefixes in upper case. */
const goNumber = defineScalarTag('tag:kubewright,2026:go-number', {
  implicit: true,
  resolve: (text) => (/^[-+]?0[xXbBoO][\da-fA-F_]+$/.test(text) || isLooseNumber(text) ? text : NOT_RESOLVED),
  identify: () => false,
});

function isLooseNumber(text: string): boolean {
  return text.includes('_') && /^[-+.\d][\w.+-]*$/.test(text) && !Number.isNaN(Number(text.replaceAll('_', '')));
}

const schema = DUMP_SCHEMA.withTags(goNumber);

/**
 * YAML of JSON data, as sigs.k8s.io/yaml reads it back: what YAML 1.1 takes for a boolean, a number or a date is quoted,
 * texts of several lines are blocks, no anchors, no folding. The same data gives the same bytes.
 *
 * @example
 * toYaml({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'flags' }, data: { on: 'yes' } });
 */
export function toYaml(value: unknown): string {
  // A text that ends in blank lines makes js-yaml close the document with `...`, which no list of documents needs.
  return dump(ordered(value), { schema, lineWidth: -1, noRefs: true }).replace(/\n\.\.\.\n$/, '\n');
}

/** Several documents in one file. */
export function toYamlDocuments(values: readonly unknown[]): string {
  return values.map(toYaml).join('---\n');
}

const head = ['apiVersion', 'kind', 'metadata'];
const metadataHead = ['name', 'generateName', 'namespace', 'labels', 'annotations'];

/** An object as people expect it: what it is and its name first; everything else in the author's order. */
function ordered(value: unknown): unknown {
  const top = withFirst(value, head);
  if (typeof top !== 'object' || top === null || !('metadata' in top)) return top;
  return { ...top, metadata: withFirst(top.metadata, metadataHead) };
}

function withFirst(value: unknown, first: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const known = new Map(Object.entries(value));
  const leading = first.filter((key) => known.has(key)).map((key): [string, unknown] => [key, known.get(key)]);
  return Object.fromEntries([...leading, ...[...known].filter(([key]) => !first.includes(key))]);
}
