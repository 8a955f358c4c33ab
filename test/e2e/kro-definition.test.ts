import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, type ExpectStatic, expect, inject, it } from 'vitest';
import type { Cluster, KubernetesObject } from '../../src/cluster/cluster.ts';
import { connect } from '../../src/cluster/connect.ts';
import { contextNames } from '../../src/cluster/kubeconfig.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { definitionsOf } from '../../src/kro/chain.ts';
import { toDefinition } from '../../src/kro/definition.ts';
import { toInstance } from '../../src/kro/instance.ts';
import { secretPaths } from '../../src/kro/secrets.ts';
import { settle } from '../../src/resolve/offline.ts';
import { prepareValues } from '../../src/resolve/values.ts';
import { type GraphCase, inNamespace } from '../cases/graph-case.ts';
import { graphCases } from '../cases/graphs.ts';
import { applyDefinition, childrenOf, isActive, remove } from './kro.ts';

const controlPlane = inject('controlPlane' as never) as { readonly kubeconfig: string } | undefined;
const manager = { fieldManager: 'kubewright-test' };
const run = randomBytes(3).toString('hex');
const kinds = ['ConfigMap', 'Secret', 'Service', 'Pod', 'Namespace'].map((kind) => ({ apiVersion: 'v1', kind })).concat([{ apiVersion: 'apps/v1', kind: 'Deployment' }]);

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
  for (const { path, object } of settle(graph, parts).objects) if (secrets.has(path)) await cluster.apply(object as never, manager);
  const { object } = await cluster.apply(toInstance(graph, { ...parts, spec: values }) as never, manager);
  return object;
}

/** What kro made, by node path; instance nodes are replaced by what they made. */
async function made(instance: KubernetesObject, graph: Graph, prefix = ''): Promise<Record<string, KubernetesObject[]>> {
  const children = await childrenOf(cluster, instance, [...kinds, ...graph.nodes.flatMap((node) => (node.instanceOf ? [{ apiVersion: node.apiVersion, kind: node.kind }] : []))]);
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
  return Object.fromEntries(entries.map(([path, objects]): [string, readonly object[]] => [path, Array.isArray(objects) ? objects : [objects as object]]).filter(([, objects]) => objects.length > 0));
}

function statusOf(live: KubernetesObject | undefined): object {
  const { state: _state, conditions: _conditions, ...status } = (live?.['status'] ?? {}) as Record<string, unknown>;
  return status;
}

describe.skipIf(!controlPlane)('kro', () => {
  beforeAll(async () => {
    const { kubeconfig } = controlPlane as { kubeconfig: string };
    cluster = await connect({ kind: 'context', name: contextNames(kubeconfig)[0] as string, kubeconfig });
  });

  afterAll(async () => {
    for (const { name, group, version, kind } of accepted.keys()) {
      const served = await cluster.discover({ apiVersion: `${group}/${version}`, kind });
      await remove(cluster, { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', metadata: { name } });
      if (served) await cluster.delete({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name: `${served.plural}.${group}` });
    }
    cluster?.close();
  });

  for (const [index, given] of graphCases.entries()) {
    it.skipIf(given.skip?.kro).concurrent(given.name, { timeout: 120_000 }, ({ expect }) => runCase(given, `kro-${run}-${index}`, expect));
  }
});

async function runCase(given: GraphCase, namespace: string, expect: ExpectStatic): Promise<void> {
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, manager);
  for (const object of given.given ?? []) await cluster.apply(inNamespace(object, namespace) as never, manager);
  await define(given.graph);
  const instance = await makeInstance(given, namespace);
  const { apiVersion, kind, metadata } = instance;
  const read = () => cluster.get({ apiVersion, kind, name: metadata.name, namespace });
  const wanted = expectedObjects(given, namespace);
  const patience = { timeout: 40_000, interval: 500 };
  await expect.poll(async () => Object.keys(await made(instance, given.graph)).sort(), patience).toEqual(Object.keys(wanted).sort());
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
