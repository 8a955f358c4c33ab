import { defineScalarTag, DUMP_SCHEMA, type DumpOptions, NOT_RESOLVED } from 'js-yaml';
import { YamlWriter } from './yaml-writer.ts';

/** What Go's reader takes for a number and js-yaml does not: `_` anywhere in it, prefixes in upper case. */
const goNumber = defineScalarTag('tag:kubewright,2026:go-number', {
  implicit: true,
  resolve: (text) => (/^[-+]?0[xXbBoO][\da-fA-F_]+$/.test(text) || isLooseNumber(text) ? text : NOT_RESOLVED),
  identify: () => false,
});

function isLooseNumber(text: string): boolean {
  return text.includes('_') && /^[-+.\d][\w.+-]*$/.test(text) && !Number.isNaN(Number(text.replaceAll('_', '')));
}

/** How the library writes. */
export const yamlOptions: DumpOptions = { schema: DUMP_SCHEMA.withTags(goNumber), lineWidth: -1, noRefs: true };

const writer = new YamlWriter(yamlOptions);

/**
 * YAML of JSON data, as sigs.k8s.io/yaml reads it back: what YAML 1.1 takes for a boolean, a number or a date is quoted,
 * texts of several lines are blocks, no anchors, no folding. The same data gives the same bytes.
 *
 * @example
 * toYaml({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'flags' }, data: { on: 'yes' } });
 */
export function toYaml(value: unknown): string {
  return writer.write(ordered(value));
}

/** Several documents in one file. */
export function toYamlDocuments(values: readonly unknown[]): string {
  return values.map(toYaml).join('---\n');
}

const head = ['apiVersion', 'kind', 'metadata'];
const metadataHead = ['name', 'generateName', 'namespace', 'labels', 'annotations'];

/** An object as people expect it: what it is and its name first; everything else in the author's order. */
function ordered(value: unknown): unknown {
  const top = withFirst(value, head) as { metadata?: unknown };
  if (typeof top !== 'object' || top === null || top.metadata === undefined) return top;
  const metadata = withFirst(top.metadata, metadataHead);
  return metadata === top.metadata ? top : { ...top, metadata };
}

function withFirst(value: unknown, first: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const keys = Object.keys(value);
  const leading = first.filter((key) => Object.hasOwn(value, key));
  if (leading.every((key, index) => keys[index] === key)) return value;
  const known = value as Record<string, unknown>;
  return Object.fromEntries(
    [...leading, ...keys.filter((key) => !first.includes(key))].map((key) => [key, known[key]]),
  );
}
