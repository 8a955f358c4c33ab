import type { JsonSchema } from '../../src/schema/json-schema.ts';

/** A small resource with every kind of field that a Kubernetes schema has. */
export const schema: JsonSchema = {
  type: 'object',
  properties: {
    metadata: {
      type: 'object',
      properties: {
        name: { type: 'string' },
        namespace: { type: 'string' },
        creationTimestamp: { type: 'string', format: 'date-time' },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        'dash-ed': { type: 'string' },
        under__score: { type: 'integer' },
      },
    },
    spec: {
      type: 'object',
      properties: {
        replicas: { type: 'integer', format: 'int32' },
        ratio: { type: 'number' },
        flag: { type: 'boolean' },
        port: { 'x-kubernetes-int-or-string': true },
        wait: { type: 'string', format: 'duration' },
        day: { type: 'string', format: 'date' },
        tags: { type: 'array', items: { type: 'string' } },
        times: { type: 'array', items: { type: 'string', format: 'date-time' } },
        data: { type: 'object', additionalProperties: { type: 'string', format: 'byte' } },
        ratios: { type: 'object', additionalProperties: { type: 'number' } },
        free: {
          type: 'object',
          'x-kubernetes-preserve-unknown-fields': true,
          properties: { known: { type: 'integer' } },
        },
        items: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              name: { type: 'string' },
              at: { type: 'string', format: 'date-time' },
              weight: { type: 'number' },
              limits: { type: 'object', additionalProperties: { 'x-kubernetes-int-or-string': true } },
            },
          },
        },
      },
    },
  },
};

/** Lists of every kind that Kubernetes has. */
const element: JsonSchema = { type: 'object', properties: { name: { type: 'string' }, v: { type: 'integer' } } };
const byName = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] } as const;
export const lists: JsonSchema = {
  type: 'object',
  properties: {
    map: { type: 'array', items: element, ...byName },
    reversed: { type: 'array', items: element, ...byName },
    pairs: { type: 'array', items: element, ...byName, 'x-kubernetes-list-map-keys': ['name', 'v'] },
    atomic: { type: 'array', items: element },
    set: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
    other: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
    numbers: { type: 'array', items: { type: 'integer' }, 'x-kubernetes-list-type': 'set' },
    tags: { type: 'array', items: { type: 'string' } },
    ints: { type: 'array', items: { type: 'integer' } },
    doubles: { type: 'array', items: { type: 'number' } },
    times: { type: 'array', items: { type: 'string', format: 'date-time' } },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    matrix: { type: 'array', items: { type: 'array', items: { type: 'string' } } },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    ports: { type: 'array', items: { 'x-kubernetes-int-or-string': true } },
    name: { type: 'string' },
  },
};
