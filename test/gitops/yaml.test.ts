import { load, YAML11_SCHEMA } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { toYaml, toYamlDocuments } from '../../src/gitops/yaml.ts';
import { awkwardObject } from './awkward-object.ts';

describe('YAML', () => {
  it('is read back as it was by a reader of YAML 1.1', () => {
    expect(load(toYaml(awkwardObject), { schema: YAML11_SCHEMA })).toEqual(awkwardObject);
  });

  it('shows first what an object is, then the order of the author', () => {
    const text = toYaml({
      spec: { b: 1, a: 2 },
      kind: 'Thing',
      metadata: { labels: { z: 'z', a: 'a' }, name: 'x' },
      apiVersion: 'example.com/v1',
    });
    expect(text).toBe(
      'apiVersion: example.com/v1\nkind: Thing\nmetadata:\n  name: x\n  labels:\n    z: z\n    a: a\nspec:\n  b: 1\n  a: 2\n',
    );
  });

  it('has no anchors where an object is used twice, and folds no line', () => {
    const labels = { app: 'web' };
    const text = toYaml({ a: labels, b: labels, long: 'word '.repeat(60) });
    expect(text).toBe(`a:\n  app: web\nb:\n  app: web\nlong: '${'word '.repeat(60)}'\n`);
  });

  it('separates documents', () => {
    expect(toYamlDocuments([{ a: 1 }, { b: 'x\n\n' }])).toBe('a: 1\n---\nb: |+\n  x\n\n');
  });
});
