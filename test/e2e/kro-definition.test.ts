import { randomBytes } from 'node:crypto';
import { type } from 'arktype';
import { afterAll, beforeAll, describe, type ExpectStatic, expect, it } from 'vitest';
import type { Cluster, KubernetesObject } from '../../src/cluster/cluster.ts';
import { connect } from '../../src/cluster/connect.ts';
import { contextNames } from '../../src/cluster/kubeconfig.ts';
import { Cel } from '../../src/expr/cel.ts';
import { type Graph, toResourceGraph } from '../../src/graph/graph.ts';
import { core, kind as customKind } from '../../src/k8s/index.ts';
import { definitionsOf } from '../../src/kro/chain.ts';
import { toDefinition } from '../../src/kro/definition.ts';
import { fixFields } from '../../src/kro/fixed.ts';
import { toInstance } from '../../src/kro/instance.ts';
import { secretPaths } from '../../src/kro/secrets.ts';
import { settle } from '../../src/resolve/offline.ts';
import { prepareValues } from '../../src/resolve/values.ts';
import { api, type GraphCase, inNamespace } from '../cases/graph-case.ts';
import { graphCases } from '../cases/graphs.ts';
import { applyDefinition, applyInstance, childrenOf, isActive, remove } from './kro.ts';
import { place } from './place.ts';

const manager = { fieldManager: 'kubewright-test' };
const run = randomBytes(3).toString('hex');
const kinds = ['ConfigMap', 'Secret', 'Service', 'Pod', 'Namespace']
  .map((kind) => ({ apiVersion: 'v1', kind }))
  .concat([{ apiVersion: 'apps/v1', kind: 'Deployment' }]);

let cluster: Cluster;
const accepted = new Map<Graph, Promise<void>>();

/** Applies the definitions of a graph once, whatever the number of cases that use it. */
function define(graph: Graph): Promise<void> {
  const known = accepted.get(graph);
  if (known) return known;
  const done = (async () => {
    for (const part of definitionsOf(graph)) {
      if (part !== graph) await define(part);
      else expect(await applyDefinition(cluster, toDefinition(part))).toMatchObject({ accepted: true });
    }
  })();
  accepted.set(graph, done);
  return done;
}

async function makeInstance(given: GraphCase, namespace: string): Promise<KubernetesObject> {
  const { graph, values, instance = 'sample' } = given;
  const parts = { name: instance, namespace, spec: prepareValues(graph, values) };
  const secrets = new Set(secretPaths(graph));
  expect([...secrets]).toEqual(given.secrets ?? []);
  for (const { path, object } of settle(graph, parts).objects)
    if (secrets.has(path)) await cluster.apply(object, manager);
  const { object } = await cluster.apply(toInstance(graph, { ...parts, spec: values }) as never, manager);
  return object;
}

/** What kro made, by node path; instance nodes are replaced by what they made. */
async function made(
  instance: KubernetesObject,
  graph: Graph,
  prefix = '',
): Promise<Record<string, KubernetesObject[]>> {
  const children = await childrenOf(cluster, instance, [
    ...kinds,
    ...graph.nodes.flatMap((node) => (node.instanceOf ? [{ apiVersion: node.apiVersion, kind: node.kind }] : [])),
  ]);
  const result: Record<string, KubernetesObject[]> = {};
  for (const [id, objects] of Object.entries(children)) {
    const inner = graph.nodes.find((node) => node.id === id)?.instanceOf;
    if (inner) Object.assign(result, await made(objects[0] as KubernetesObject, inner, `${prefix}${id}/`));
    else result[prefix + id] = objects;
  }
  return result;
}

function expectedObjects(given: GraphCase, namespace: string): Record<string, readonly object[]> {
  const secrets = new Set(given.secrets);
  const entries = Object.entries(inNamespace(given.objects, namespace)).filter(([path]) => !secrets.has(path));
  return Object.fromEntries(
    entries
      .map(([path, objects]): [string, readonly object[]] => [
        path,
        Array.isArray(objects) ? objects : [objects as object],
      ])
      .filter(([, objects]) => objects.length > 0),
  );
}

function statusOf(live: KubernetesObject | undefined): object {
  const { state: _state, conditions: _conditions, ...status } = (live?.['status'] ?? {}) as Record<string, unknown>;
  return status;
}

describe('kro', () => {
  beforeAll(async () => {
    const { kubeconfig } = place;
    cluster = await connect({ kind: 'context', name: contextNames(kubeconfig)[0] as string, kubeconfig });
  });

  afterAll(async () => {
    for (const { name, group, version, kind } of accepted.keys()) {
      const served = await cluster.discover({ apiVersion: `${group}/${version}`, kind });
      await remove(cluster, { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', metadata: { name } });
      if (served)
        await cluster.delete({
          apiVersion: 'apiextensions.k8s.io/v1',
          kind: 'CustomResourceDefinition',
          name: `${served.plural}.${group}`,
        });
    }
    cluster?.close();
  });

  // The others run in both modes, beside each other (equivalence.test.ts).
  for (const [index, given] of graphCases.entries()) {
    if (given.skip?.direct === undefined) continue;
    it.skipIf(given.skip.kro)(given.name, { timeout: 120_000 }, ({ expect }) =>
      runCase(given, `kro-${run}-${index}`, expect),
    );
  }

  it('makes several instances of one definition', { timeout: 120_000 }, async () => {
    const [first, second] = [`kro-${run}-a`, `kro-${run}-b`];
    for (const name of [first, second])
      await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, manager);
    await define(several);
    const places = [['one', first], ['two', first], ['one', second]] as const; // biome-ignore format: short
    const instances = await Promise.all(
      places.map(([name, namespace]) =>
        applyInstance(cluster, toInstance(several, { name, namespace, spec: { text: `${name} in ${namespace}` } })),
      ),
    );
    for (const [index, instance] of instances.entries()) {
      const [name, namespace] = places[index] as readonly [string, string];
      expect(await made(instance, several)).toMatchObject({
        config: [{ metadata: { name: `${name}-config`, namespace }, data: { text: `${name} in ${namespace}` } }],
      });
      await remove(cluster, { ...instance, metadata: { name, namespace } });
    }
  });

  it('needs no kind that fixed fields leave out', { timeout: 120_000 }, async () => {
    const namespace = `kro-${run}-fixed`;
    await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, manager);
    const names = { name: 'fixed-plain', kind: 'FixedPlain' };
    const all = toDefinition(optionalKind);
    expect(await applyDefinition(cluster, all)).toMatchObject({
      accepted: false,
      messages: expect.stringContaining('failed to get schema for resource') as string,
    });
    await remove(cluster, all);
    const plain = fixFields(optionalKind, { gadget: false });
    accepted.set({ ...plain, ...names }, Promise.resolve());
    expect(await applyDefinition(cluster, toDefinition(plain, { definition: names }))).toMatchObject({
      accepted: true,
    });
    const instance = await applyInstance(
      cluster,
      toInstance(plain, { name: 'one', namespace, spec: { gadget: false } }, { definition: names }),
    );
    expect(await made(instance, plain)).toMatchObject({ config: [{ data: { gadget: 'false' } }] });
    expect(statusOf(instance)).toEqual({ name: 'config' });
    await remove(cluster, { ...instance, metadata: { name: 'one', namespace } });
  });
});

const several = toResourceGraph(
  { ...api('SeveralInstances'), spec: type({ text: 'string' }), status: type('object') },
  ({ spec, metadata }) => ({
    config: core.v1.ConfigMap({ metadata: { name: Cel.template`${metadata.name}-config` }, data: { text: spec.text } }),
  }),
) as Graph;

const Gadget = customKind<{ spec: { size: number }; status: { code: string } }>({
  apiVersion: 'gadgets.example.org/v1',
  kind: 'Gadget',
  namespaced: true,
});
const optionalKind = toResourceGraph(
  { ...api('OptionalKind'), spec: type({ gadget: 'boolean' }), status: type({ name: 'string', 'code?': 'string' }) },
  ({ spec }) => ({
    config: core.v1.ConfigMap({ metadata: { name: 'config' }, data: { gadget: spec.gadget.toText() } }),
    gadget: Gadget({ metadata: { name: 'gadget' }, spec: { size: 1 } }, { includeWhen: spec.gadget }),
  }),
  (_schema, { config, gadget }) => ({ name: config.metadata.name, code: gadget.status.code }),
) as unknown as Graph;

async function runCase(given: GraphCase, namespace: string, expect: ExpectStatic): Promise<void> {
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, manager);
  for (const object of given.given ?? []) await cluster.apply(inNamespace(object, namespace) as never, manager);
  await define(given.graph);
  const instance = await makeInstance(given, namespace);
  const { apiVersion, kind, metadata } = instance;
  const read = () => cluster.get({ apiVersion, kind, name: metadata.name, namespace });
  const wanted = expectedObjects(given, namespace);
  const patience = { timeout: 40_000, interval: 500 };
  await expect
    .poll(async () => Object.keys(await made(instance, given.graph)).sort(), patience)
    .toEqual(Object.keys(wanted).sort());
  await expect.poll(async () => statusOf(await read()), patience).toEqual(inNamespace(given.status ?? {}, namespace));
  if (given.pending) expect(isActive((await read()) as KubernetesObject)).toBe(false);
  else await expect.poll(async () => isActive((await read()) as KubernetesObject), patience).toBe(true);
  const objects = await made(instance, given.graph);
  expect(objects).toMatchObject(wanted);
  expect(Object.keys(objects).sort()).toEqual(Object.keys(wanted).sort());
  expect(statusOf(await read())).toEqual(inNamespace(given.status ?? {}, namespace));
  await remove(cluster, { apiVersion, kind, metadata: { name: metadata.name, namespace } });
  await cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name: namespace });
}
