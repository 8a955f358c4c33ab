import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toDefinition } from '../../src/kro/definition.ts';
import { fromDefinition, fromDefinitions } from '../../src/kro/import.ts';
import { secretPaths, splitSecretPaths } from '../../src/kro/secrets.ts';
import { readManifests } from '../../src/kro/read/source.ts';
import { validate } from '../../src/kro/validate.ts';
import { corpus, corpusCrds, corpusRows, describeCorpus } from './corpus.ts';
import { normalized } from './normalized.ts';

describeCorpus('every accepted definition of the corpus', () => {
  const rows = corpusRows().filter(({ file }) => file.startsWith('accepted/'));
  const crds = corpusCrds();

  it.each(rows.map((row) => [row.file, row] as const))('%s comes back as it was', (_, row) => {
    const text = readFileSync(join(corpus, row.file), 'utf8');
    const extras = row.extras.map((file) => readFileSync(join(corpus, 'accepted', file), 'utf8'));
    const emitted = toDefinition(fromDefinition({ file: row.file, content: text }, { crds: [...crds, ...extras] }));
    const [manifest] = readManifests({ content: text });
    expect(normalized(emitted)).toEqual(normalized(manifest?.object));
  });
});

const chain = `
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: inner }
spec:
  schema:
    apiVersion: v1
    kind: Inner
    spec: { text: string | default="hi" }
    status: { echo: '\${map.data.text}' }
  resources:
    - id: map
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: '\${schema.metadata.name}' }, data: { text: '\${schema.spec.text}' } }
---
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: outer }
spec:
  schema: { apiVersion: v1, kind: Outer, status: { echo: '\${inner.status.echo}' } }
  resources:
    - id: inner
      template: { apiVersion: kro.run/v1, kind: Inner, metadata: { name: a }, spec: { text: b } }
`;

describe('fromDefinitions', () => {
  it('makes an instance of one definition inside another an instance of its graph', () => {
    const [inner, outer] = fromDefinitions([chain]);
    expect(outer?.nodes[0]?.instanceOf).toBe(inner);
    expect(inner?.statusSchema?.properties).toEqual({ echo: { type: 'string' } });
  });

  it('says what kro says, with the place', () => {
    const wrong = chain.replace('schema.spec.text}', 'schema.spec.txt}');
    expect(() => fromDefinitions([{ file: 'rgd.yaml', content: wrong }])).toThrow(
      /rgd\.yaml:\d+ .*undefined field 'txt'/s,
    );
    expect(validate([{ file: 'rgd.yaml', content: wrong }])[0]?.errors[0]).toMatchObject({
      code: 'CelType',
      line: 13,
      path: 'spec.resources[0].template.data.text',
    });
  });

  it('leaves the Secrets of a definition in it', () => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key' }, stringData: { key: 'k' } };
    const definition = {
      apiVersion: 'kro.run/v1alpha1',
      kind: 'ResourceGraphDefinition',
      metadata: { name: 'app' },
      spec: { schema: { apiVersion: 'v1', kind: 'App' }, resources: [{ id: 'key', template: secret }] },
    };
    const graph = fromDefinition(definition);
    expect(toDefinition(graph).spec.resources).toEqual([{ id: 'key', template: secret }]);
    expect(splitSecretPaths(graph)).toEqual([]);
    expect(secretPaths(graph)).toEqual(['key']);
  });
});
