import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { readManifests } from '../../src/kro/read/source.ts';
import { importStacks } from '../../src/kro/stack/import-stacks.ts';
import { corpus, corpusCrds, corpusRows } from './corpus.ts';
import { normalized } from './normalized.ts';

const folder = mkdtempSync(join(tmpdir(), 'kubewright-stacks-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a stack file with the sources of this repository, outside of the test runner, and gives what it emits. */
async function emitted(text: string, name: string): Promise<unknown> {
  const source = (path: string): string =>
    `'${pathToFileURL(fileURLToPath(new URL(`../../src/${path}`, import.meta.url))).href}'`;
  const arktype = pathToFileURL(createRequire(import.meta.url).resolve('arktype')).href;
  const constant = /^export const (\w+)/m.exec(text)?.[1];
  const places = {
    "'arktype'": `'${arktype}'`,
    "'kubewright'": source('index.ts'),
    "'kubewright/k8s'": source('k8s/index.ts'),
    "'kubewright/kro'": source('kro/index.ts'),
  };
  const here = Object.entries(places).reduce((code, [from, to]) => code.replace(`from ${from}`, `from ${to}`), text);
  const path = join(folder, `${name}.ts`);
  writeFileSync(
    path,
    `${here}\nimport { toDefinition as emit } from ${source('kro/definition.ts')};\nexport const emitted = emit(${constant});\n`,
  );
  return ((await import(/* @vite-ignore */ pathToFileURL(path).href)) as { emitted: unknown }).emitted;
}

const describeCorpus = existsSync(corpus) ? describe : describe.skip;

/** What kubewright is stricter about than kro. */
const refused: Readonly<Record<string, string>> = {
  'accepted/ut-validation-crds-are-allowed-to-have-cel-expressions-in-metadata-name.yaml':
    'spec.version: is not a field of this kind',
  'accepted/ut-collectionchaining-collection-to-collection-chaining-foreach-iterating-over-another-colle.yaml':
    'cidr is a type or function of CEL',
};

describeCorpus('stack files of every accepted definition (skipped where ../shared is absent)', () => {
  const rows = corpusRows().filter(({ file }) => file.startsWith('accepted/'));
  const crds = corpusCrds();

  it.each(rows.map((row, index) => [row.file, row, index] as const))('%s', async (_, row, index) => {
    const text = readFileSync(join(corpus, row.file), 'utf8');
    const extras = row.extras.map((file) => readFileSync(join(corpus, 'accepted', file), 'utf8'));
    const build = async (): Promise<unknown> =>
      emitted(
        importStacks([{ file: row.file, content: text }], { crds: [...crds, ...extras] })[0]?.text ?? '',
        `stack${index}`,
      );
    const why = refused[row.file];
    if (why) await expect(build()).rejects.toThrow(why);
    else expect(normalized(await build())).toEqual(normalized(readManifests({ content: text })[0]?.object));
  });
});

const definition = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: shop }
spec:
  schema:
    apiVersion: v1
    kind: Shop
    spec: { image: string | required=true, replicas: integer | default=2 minimum=1, regions: "[]string" }
    status: { ready: "\${web.status.readyReplicas}" }
  resources:
    - id: web
      readyWhen: ["\${web.status.readyReplicas > 0}"]
      template: { apiVersion: apps/v1, kind: Deployment, metadata: { name: web }, spec: { replicas: "\${schema.spec.replicas}", selector: { matchLabels: { a: b } }, template: { metadata: { labels: { a: b } }, spec: { containers: [{ name: c, image: "reg/\${schema.spec.image}" }] } } } }
    - id: maps
      forEach: [{ region: "\${schema.spec.regions}" }]
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${region}" }, data: { text: 'it''s \${"$"}{x}' } }
`;

describe('a stack file', () => {
  it('has the schema in arktype, factories of kinds and expressions as CEL', () => {
    expect(
      importStacks([{ file: 'rgd.yaml', content: definition }])[0]?.text,
    ).toBe(`// Made from rgd.yaml by: npx kubewright import
import { type } from 'arktype';
import { Cel, forEach, run, toResourceGraph } from 'kubewright';
import { apps, core } from 'kubewright/k8s';

const Spec = type({ image: 'string', replicas: ['number.integer >= 1', '=', 2], 'regions?': 'string[]' });

export const shopGraph = toResourceGraph(
  { name: 'shop', apiVersion: 'kro.run/v1', kind: 'Shop', spec: Spec },
  () => ({
    web: apps.v1.Deployment({
      metadata: { name: 'web' },
      spec: {
        replicas: Cel.expr<number>('schema.spec.replicas'),
        selector: { matchLabels: { a: 'b' } },
        template: {
          metadata: { labels: { a: 'b' } },
          spec: {
            containers: [
              {
                name: 'c',
                image: Cel.template\`reg/\${Cel.expr<string>('schema.spec.image')}\`,
              },
            ],
          },
        },
      },
    }, { readyWhen: () => [Cel.expr<boolean>('web.status.readyReplicas > 0')] }),
    maps: forEach(Cel.expr<any[]>('schema.spec.regions'), () => core.v1.ConfigMap({ metadata: { name: Cel.expr<string>('region') }, data: { text: 'it\\'s \${x}' } }), { as: 'region' }),
  }),
  () => ({ ready: Cel.expr<number>('web.status.readyReplicas') }),
);

run(import.meta, shopGraph);
`);
  });
});
