import { type } from 'arktype';
import { afterAll, describe, expect, it } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import { plan } from '../../src/deploy/plan.ts';
import { toResourceGraph, type Graph } from '../../src/graph/graph.ts';
import { core, kind as customKind } from '../../src/k8s/index.ts';
import { connectTo } from './deploying.ts';
import { definitionRef, one, withKro } from './kro-graphs.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());
const { options, read } = withKro(cluster);

describe('a definition that changes', () => {
  it('takes what is compatible, also for the status', async () => {
    const chosen = options('evolve');
    await deploy(one({ kind: 'Evolving' }), chosen);
    const wider = one({ kind: 'Evolving', spec: { 'size?': 'number.integer' }, status: { name: 'x', kind: 'y' } });
    const { objects } = await deploy(wider, {
      ...chosen,
      instance: { ...chosen.instance, spec: { text: 'b', size: 3 } },
    });
    expect(objects).toContainEqual(expect.objectContaining({ label: 'definition evolving', action: 'updated' }));
    await destroy(wider, { ...chosen, definition: true });
  });

  it.each([
    ['a field is removed', { 'size?': 'string' }, {}, undefined, 'spec.size: Property size was removed'],
    ['a status field is removed', {}, {}, { other: 'x' }, 'status.name: Property name was removed'],
    [
      'a type changes',
      { 'size?': 'string' },
      { 'size?': 'number.integer' },
      undefined,
      'spec.size.type: Type changed from string to integer',
    ],
  ])('is refused before anything is written when %s', async (title, before, after, status, message) => {
    const kind = `Break${title.replaceAll(/[^a-z]/g, '')}`;
    const chosen = options('break');
    await deploy(one({ kind, spec: before }), chosen);
    const version = (await read(kind.toLowerCase()))?.metadata.resourceVersion;
    const narrower = one({ kind, spec: after, ...(status && { status }) });
    await expect(deploy(narrower, chosen)).rejects.toThrow(
      `definition ${kind.toLowerCase()}: kro refuses this change of an existing kind: ${message}. Keep what is there and add to it`,
    );
    expect((await read(kind.toLowerCase()))?.metadata.resourceVersion).toBe(version);
    // The way out that the error names.
    await cluster.apply(
      {
        ...definitionRef,
        metadata: { name: kind.toLowerCase(), annotations: { 'kro.run/allow-breaking-changes': 'true' } },
      },
      { fieldManager: 'kubectl' },
    );
    await deploy(narrower, chosen);
    await destroy(narrower, { ...chosen, definition: true });
  });

  it('is compared with the kind that an earlier definition left behind', async () => {
    const chosen = options('behind');
    const wide = one({ kind: 'LeftBehind', spec: { 'size?': 'string' } });
    await deploy(wide, chosen);
    await destroy(wide, { ...chosen, definition: true });
    await expect(deploy(one({ kind: 'LeftBehind' }), chosen)).rejects.toThrow('spec.size: Property size was removed');
    expect(await read('leftbehind')).toBeUndefined();
  });

  it('says what kro does not compare, and so never writes', async () => {
    const chosen = options('unseen');
    await deploy(one({ kind: 'Unseen', spec: { 'tags?': 'string[]' } }), chosen);
    const { warnings } = await plan(one({ kind: 'Unseen', spec: { 'tags?': "'a'[]" } }), chosen);
    expect(warnings).toEqual([
      'ResourceGraphDefinition unseen: kro compares no spec.tags[].enum: Enum was added, so Unseen stays as it is until another field of its schema changes too',
    ]);
  });

  it('is refused when what changes can never change', async () => {
    const chosen = options('moved');
    await deploy(one({ kind: 'Moved', name: 'moved' }), chosen);
    await expect(
      deploy(one({ kind: 'MovedAway', name: 'moved', apiVersion: 'others.example.com/v1' }), chosen),
    ).rejects.toThrow(
      'definition moved spec.schema: ResourceGraphDefinition moved exists, and its group is modes.example.com and cannot become others.example.com, kind is Moved and cannot become MovedAway. Give this graph another name and kind',
    );
  });

  it('is refused when its kind belongs to another definition', async () => {
    await deploy(one({ kind: 'Taken', name: 'taken-first' }), options('taken'));
    await expect(deploy(one({ kind: 'Taken', name: 'taken-second' }), options('taken'))).rejects.toThrow(
      'definition taken-second: kind Taken belongs to ResourceGraphDefinition taken-first',
    );
  });
});

describe('rules of a kind', () => {
  const ruled = (maximum: string): Graph =>
    toResourceGraph(
      {
        name: 'ruled',
        apiVersion: 'modes.example.com/v1',
        kind: 'Ruled',
        spec: type({ text: 'string', users: type({ name: `string${maximum}` as 'string' }).array() }).and(
          type({ users: `unknown[]${maximum}` as 'unknown[]' }),
        ),
        fields: { users: { validations: 'self.all(a, self.exists_one(b, a.name == b.name))' } },
      },
      () => ({ config: core.v1.ConfigMap({ metadata: { name: 'config' } }) }),
    ) as never;

  it('that would cost the API server too much are refused before anything is written', async () => {
    const chosen = options('rules');
    const spec = { text: 'a', users: [{ name: 'x' }] };
    await expect(deploy(ruled(''), { ...chosen, instance: { ...chosen.instance, spec } })).rejects.toThrow(
      /definition ruled spec\.schema\.spec\.users: kro refuses it: .*estimated rule cost exceeds budget.*adding maxItems/s,
    );
    expect(await read('ruled')).toBeUndefined();
    expect((await plan(ruled(' <= 9'), { ...chosen, instance: { ...chosen.instance, spec } })).problems).toEqual([]);
  });
});

describe('the schema of a kind that kro has cached', () => {
  const Gizmo = customKind<{ spec: { size?: number } }>({
    apiVersion: 'cached.example.org/v1',
    kind: 'Gizmo',
    namespaced: true,
  });
  const crd = (properties: object): object => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'gizmos.cached.example.org' },
    spec: {
      group: 'cached.example.org',
      names: { kind: 'Gizmo', listKind: 'GizmoList', plural: 'gizmos', singular: 'gizmo' },
      scope: 'Namespaced',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } } },
        },
      ],
    },
  });
  const graph = toResourceGraph(
    { name: 'gizmos', apiVersion: 'modes.example.com/v1', kind: 'GizmoUser', spec: type({ 'text?': 'string' }) },
    () => ({ gizmo: Gizmo({ metadata: { name: 'gizmo' }, spec: { size: 1 } }) }),
  ) as never as Graph;

  it('is warned about, and what the cluster refuses is found before anything is written', async () => {
    await cluster.apply(crd({ name: { type: 'string' } }) as never, { fieldManager: 'test' });
    await expect
      .poll(() => cluster.discover({ apiVersion: 'cached.example.org/v1', kind: 'Gizmo' }), { timeout: 10_000 })
      .toBeDefined();
    await expect(deploy(graph, options('cached'))).rejects.toThrow(
      /gizmo template\.spec\.size: kro refuses it: .*schema not found for field size \(.*kro-kind\.test\.ts:\d+:\d+\)/,
    );
    await cluster.apply(crd({ size: { type: 'integer' } }) as never, { fieldManager: 'test' });
    const { warnings, problems } = await plan(graph, options('cached'));
    expect({ warnings, problems }).toEqual({
      warnings: [
        'CustomResourceDefinition gizmos.cached.example.org changed less than 5 minutes ago, and kro may judge by the schema that it had before until then',
      ],
      problems: [],
    });
    await cluster.delete({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      name: 'gizmos.cached.example.org',
    });
  });
});
