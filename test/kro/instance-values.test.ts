import { describe, expect, it } from 'vitest';
import { fromDefinition } from '../../src/kro/import.ts';
import { simulate } from '../../src/testing/simulate.ts';
import { render } from '../../src/testing/render.ts';
import { itemTypes, valueCases } from '../cases/instance-values.ts';

const definition = (spec: object, types: object = {}): object => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'valued' },
  spec: {
    schema: { apiVersion: 'v1', kind: 'Valued', spec: { ...spec }, types },
    resources: [
      {
        id: 'values',
        template: {
          apiVersion: 'example.com/v1',
          kind: 'Copy',
          metadata: { name: 'values' },
          spec: '${schema.spec}',
        },
      },
    ],
  },
});

describe('values of an instance', () => {
  it.each(valueCases)('%s', (_, spec, values, expected) => {
    const given = definition(spec, itemTypes);
    const instance = { apiVersion: 'kro.run/v1', kind: 'Valued', metadata: { name: 'sample' }, spec: values };
    const specOf = (object: Readonly<Record<string, unknown>> | undefined): unknown => object?.['spec'];
    if (expected instanceof RegExp) {
      expect(() => render([given], instance)).toThrow(expected);
      expect(() => simulate(fromDefinition(given), values)).toThrow(
        new RegExp(expected.source.replace('spec ', 'values of valued ')),
      );
    } else {
      expect(specOf(render([given], instance).objects[0])).toEqual(expected);
      expect(specOf(simulate(fromDefinition(given), values).objects['values'])).toEqual(expected);
    }
  });

  it.each<[string, object, RegExp]>([
    ['a name', { name: 'No Name' }, /instance metadata\.name: a lowercase RFC 1123 subdomain must/],
    ['a namespace', { namespace: 'a.b' }, /instance metadata\.namespace: must not contain dots/],
    ['a label', { labels: { a: 'no label' } }, /instance metadata\.labels\["a"\]: a valid label must/],
    ['a label that is no text', { labels: { a: true } }, /instance metadata\.labels\["a"\]: is no text/],
    ['an annotation', { annotations: { 'a b': 'c' } }, /instance metadata\.annotations\["a b"\]: name part must/],
    ['a field', { lables: {} }, /instance metadata\.lables: is not a field of an object\. Did you mean "labels"/],
  ])('stand beside metadata: %s that the API server refuses', (_, metadata, expected) => {
    const instance = { apiVersion: 'kro.run/v1', kind: 'Valued', metadata: { name: 'sample', ...metadata } };
    expect(() => render([definition({})], instance)).toThrow(expected);
  });

  it('may be missing, whatever they require', () => {
    const instance = { apiVersion: 'kro.run/v1', kind: 'Valued', metadata: { name: 'sample' } };
    expect(render([definition({ a: 'string | required=true' })], instance).error).toBeUndefined();
  });
});
