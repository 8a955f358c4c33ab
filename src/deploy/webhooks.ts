import type { KubernetesObject } from '../cluster/cluster.ts';
import { groupKind, groupOf } from './identity.ts';
import { fields, text, type Fields } from './readiness/verdict.ts';

/** What a webhook is asked about. */
export interface Intercepted {
  readonly object: KubernetesObject;
  /** Name of its kind in URLs. */
  readonly plural: string;
  /** As far as they are known. */
  readonly namespaceLabels: Readonly<Record<string, string>>;
}

export function isWebhook({ apiVersion, kind }: KubernetesObject): boolean {
  return groupOf(apiVersion) === 'admissionregistration.k8s.io' && kind.endsWith('WebhookConfiguration');
}

/** Whether creating or updating an object certainly goes through one of the webhooks of a configuration. */
export function intercepts(configuration: KubernetesObject, what: Intercepted): boolean {
  const hooks = configuration['webhooks'];
  return Array.isArray(hooks) && (hooks as readonly Fields[]).some((hook) => takes(hook, what));
}

function takes(hook: Fields, { object, plural, namespaceLabels }: Intercepted): boolean {
  const has = (list: unknown, value: string): boolean =>
    Array.isArray(list) && (list.includes(value) || list.includes('*'));
  const rules = (hook['rules'] ?? []) as readonly Fields[];
  const version = object.apiVersion.replace(/^.*\//, '');
  return (
    rules.some(
      ({ apiGroups, apiVersions, resources, operations }) =>
        has(apiGroups, groupOf(object.apiVersion)) &&
        has(apiVersions, version) &&
        has(resources, plural) &&
        (has(operations, 'CREATE') || has(operations, 'UPDATE')),
    ) &&
    selects(hook['objectSelector'], object.metadata.labels ?? {}) &&
    (object.metadata.namespace === undefined || selects(hook['namespaceSelector'], namespaceLabels))
  );
}

/** Whether a label selector takes labels of which all are known. */
export function selects(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  const { matchLabels, matchExpressions } = fields(selector);
  const expressions = (matchExpressions ?? []) as readonly Fields[];
  return (
    Object.entries(fields(matchLabels)).every(([key, value]) => labels[key] === value) &&
    expressions.every(({ key, operator, values }) => {
      const value = labels[String(key)];
      const listed = Array.isArray(values) && value !== undefined && values.includes(value);
      if (operator === 'In') return listed;
      if (operator === 'NotIn') return !listed;
      return (operator === 'Exists') === (value !== undefined);
    })
  );
}

/** Names of built-in kinds in URLs are regular. */
export function pluralOf(object: KubernetesObject, definition: KubernetesObject | undefined): string {
  const defined = text(fields(fields(definition?.['spec'])['names'])['plural']);
  if (defined) return defined;
  const name = object.kind.toLowerCase();
  if (groupKind(object) === 'Endpoints') return name;
  if (/[^aeiou]y$/.test(name)) return `${name.slice(0, -1)}ies`;
  return name.endsWith('s') ? `${name}es` : `${name}s`;
}
