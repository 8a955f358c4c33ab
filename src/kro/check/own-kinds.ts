import type { OpenApi } from './open-api.ts';

const text: OpenApi = { type: 'string' };
const texts: OpenApi = { type: 'array', items: text };
const any: OpenApi = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const textMap: OpenApi = { type: 'object', additionalProperties: text };
const object = (properties: Readonly<Record<string, OpenApi>>, required: readonly string[] = []): OpenApi => ({
  type: 'object',
  properties,
  required,
});
const aliases: OpenApi = {
  type: 'array',
  maxItems: 32,
  'x-kubernetes-list-type': 'set',
  items: { type: 'string', maxLength: 63, pattern: '^[a-z]([-a-z0-9]*[a-z0-9])?$' },
};

const conditions: OpenApi = {
  type: 'array',
  items: object(
    {
      type: text,
      status: text,
      reason: text,
      message: text,
      lastTransitionTime: { type: 'string', format: 'date-time' },
      observedGeneration: { type: 'integer', format: 'int64' },
    },
    ['status', 'type'],
  ),
};

const externalMetadata = object({
  name: { type: 'string', minLength: 1 },
  namespace: text,
  selector: { 'x-kubernetes-preserve-unknown-fields': true },
});

const resource = object(
  {
    id: text,
    template: any,
    externalRef: object({ apiVersion: text, kind: text, metadata: externalMetadata }, [
      'apiVersion',
      'kind',
      'metadata',
    ]),
    readyWhen: texts,
    includeWhen: texts,
    forEach: {
      type: 'array',
      items: { type: 'object', additionalProperties: text, minProperties: 1, maxProperties: 1 },
    },
  },
  ['id'],
);

const column = object(
  {
    name: text,
    type: text,
    jsonPath: text,
    format: text,
    description: text,
    priority: { type: 'integer', format: 'int32' },
  },
  ['jsonPath', 'name', 'type'],
);

const schema = object(
  {
    kind: { type: 'string', pattern: '^[A-Z][a-zA-Z0-9]{0,62}$' },
    apiVersion: { type: 'string', pattern: '^v[0-9]+(alpha[0-9]+|beta[0-9]+)?$' },
    group: text,
    scope: { type: 'string', enum: ['Namespaced', 'Cluster'] },
    spec: any,
    types: any,
    status: any,
    additionalPrinterColumns: { type: 'array', items: column },
    metadata: object({ labels: textMap, annotations: textMap }),
    shortNames: aliases,
    categories: aliases,
  },
  ['apiVersion', 'kind'],
);

export const definitionSpec: OpenApi = object({ schema, resources: { type: 'array', items: resource } }, ['schema']);

const definition = object({
  apiVersion: text,
  kind: text,
  metadata: { type: 'object' },
  spec: definitionSpec,
  status: object({
    state: text,
    topologicalOrder: texts,
    conditions,
    lastIssuedRevision: { type: 'integer', format: 'int64' },
    resources: {
      type: 'array',
      items: object({ id: text, dependencies: { type: 'array', items: object({ id: text }) } }),
    },
  }),
});

const revision = object({
  apiVersion: text,
  kind: text,
  metadata: { type: 'object' },
  spec: object({
    revision: { type: 'integer', format: 'int64' },
    snapshot: object({ name: text, generation: { type: 'integer', format: 'int64' }, spec: definitionSpec }),
  }),
  status: object({ conditions }),
});

/** The kinds that kro brings along: a cluster with kro serves them. */
export const ownKinds: readonly { readonly group: string; readonly kind: string; readonly schema: OpenApi }[] = [
  { group: 'kro.run', kind: 'ResourceGraphDefinition', schema: definition },
  { group: 'internal.kro.run', kind: 'GraphRevision', schema: revision },
];
