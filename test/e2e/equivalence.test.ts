import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, type ExpectStatic, inject, it } from 'vitest';
import type { Cluster, KubernetesObject } from '../../src/cluster/cluster.ts';
import { connect } from '../../src/cluster/connect.ts';
import { contextNames } from '../../src/cluster/kubeconfig.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import type { Mode, TargetOptions } from '../../src/deploy/options.ts';
import { status as statusOf } from '../../src/deploy/status.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { prepareValues } from '../../src/resolve/values.ts';
import { type GraphCase, inNamespace, placeholder } from '../cases/graph-case.ts';
import { graphCases } from '../cases/graphs.ts';

const controlPlane = inject('controlPlane' as never) as { readonly kubeconfig: string } | undefined;
const run = randomBytes(3).toString('hex');
let cluster: Cluster;

/** Definitions are cluster-wide: the cases of one graph take turns. */
const turns = new Map<Graph, Promise<unknown>>();

function takeTurn<T>(graph: Graph, step: () => Promise<T>): Promise<T> {
  const mine = (turns.get(graph) ?? Promise.resolve()).then(step, step);
  turns.set(
    graph,
    mine.catch(() => undefined),
  );
  return mine;
}

interface Outcome {
  readonly objects: readonly object[];
  readonly status: object;
  readonly left: readonly string[];
}

/** Deploys a case, reads what it made, and destroys it. */
async function runMode(given: GraphCase, mode: Mode, namespace: string): Promise<Outcome> {
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, { fieldManager: 'test' });
  for (const object of given.given ?? [])
    await cluster.apply(inNamespace(object, namespace) as never, { fieldManager: 'test' });
  const instance = { name: given.instance ?? 'sample', namespace, spec: prepareValues(given.graph, given.values) };
  const target: TargetOptions = { cluster, mode, instance, timeoutMs: given.pending ? 10_000 : 60_000 };
  let status: object;
  if (given.pending) {
    await deploy(given.graph, target).then(
      () => Promise.reject(new Error('the deployment has to wait')),
      () => undefined,
    );
    ({ status } = await statusOf(given.graph, target));
  } else {
    ({ status } = await deploy(given.graph, target));
  }
  const objects = await made(given, namespace);
  await destroy(given.graph, target);
  return {
    objects,
    status,
    left: (await made(given, namespace)).map(({ kind, metadata }) => `${kind} ${metadata.name}`),
  };
}

/** The objects of a namespace that are neither given nor Kubernetes' own, and the expected ones elsewhere. */
async function made(given: GraphCase, namespace: string): Promise<KubernetesObject[]> {
  const foreign = new Set([
    'kube-root-ca.crt',
    ...(given.given ?? []).map((object) => (object as KubernetesObject).metadata.name),
  ]);
  const lists = await Promise.all(
    ['ConfigMap', 'Secret', 'Service', 'Pod', 'Deployment'].map((kind) =>
      cluster.list({ apiVersion: kind === 'Deployment' ? 'apps/v1' : 'v1', kind, namespace }),
    ),
  );
  const inside = lists
    .flatMap(({ items }) => items)
    .filter(
      ({ kind, metadata, ['type']: type }) =>
        !foreign.has(metadata.name) &&
        !(kind === 'Secret' && String(type).includes('kubewright')) &&
        !metadata.ownerReferences,
    );
  const elsewhere = inNamespace(Object.values(given.objects).flat(), namespace).filter(
    ({ kind, metadata }) => kind === 'Namespace' || metadata['namespace'] !== undefined,
  );
  const found = await Promise.all(
    elsewhere.map(({ kind, metadata }) =>
      cluster.get({
        apiVersion: 'v1',
        kind,
        name: metadata.name,
        namespace: metadata['namespace'] as string | undefined,
      }),
    ),
  );
  return [
    ...inside,
    ...found.filter((object) => object !== undefined && object.metadata.deletionTimestamp === undefined),
  ] as KubernetesObject[];
}

const ownKeys =
  /^(kro\.run|internal\.kro\.run|applyset\.kubernetes\.io|([a-z-]+\.)?kubewright\.dev|kubernetes\.io|deployment\.kubernetes\.io)\/|^app\.kubernetes\.io\/managed-by$/;

/** What both modes have in common: not identities, not what each adds for itself. */
function comparable(object: KubernetesObject, namespace: string): object {
  const { metadata, ['status']: _status, ...rest } = object;
  const others = (entries: Record<string, string> = {}) =>
    Object.fromEntries(Object.entries(entries).filter(([key]) => !ownKeys.test(key)));
  const text = JSON.stringify({
    ...rest,
    metadata: {
      name: metadata.name,
      namespace: metadata.namespace,
      labels: others(metadata.labels),
      annotations: others(metadata.annotations),
    },
  });
  return JSON.parse(
    text.replaceAll(namespace, placeholder).replaceAll(/kube-api-access-\w+/g, 'token'),
    (key, value: unknown) => (/^(clusterIPs?|nodeName|nodePort)$/.test(key) ? undefined : value),
  ) as object;
}

function sorted(outcome: Outcome, namespace: string): object[] {
  return outcome.objects
    .map((object) => comparable(object as KubernetesObject, namespace))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

async function compareModes(given: GraphCase, name: string, expect: ExpectStatic): Promise<void> {
  const outcomes = await Promise.all([runMode(given, 'direct', `${name}-d`), runMode(given, 'kro', `${name}-k`)]);
  const [direct, kro] = outcomes;
  expect(sorted(direct, `${name}-d`)).toEqual(sorted(kro, `${name}-k`));
  const expected = inNamespace(Object.values(given.objects).flat(), `${name}-d`);
  expect(direct.objects).toHaveLength(expected.length);
  for (const object of expected) {
    const same = direct.objects.filter(
      (live) =>
        (live as KubernetesObject).kind === object.kind &&
        (live as KubernetesObject).metadata.name === object.metadata.name,
    );
    expect(same).toMatchObject([object]);
  }
  const status = given.status ?? {};
  expect(direct.status).toEqual(inNamespace(status, `${name}-d`));
  expect(kro.status).toEqual(inNamespace(status, `${name}-k`));
  expect({ direct: direct.left, kro: kro.left }).toEqual({ direct: [], kro: [] });
}

describe.skipIf(!controlPlane)('direct and kro mean the same', () => {
  beforeAll(async () => {
    const { kubeconfig } = controlPlane as { kubeconfig: string };
    cluster = await connect({ kind: 'context', name: contextNames(kubeconfig)[0] as string, kubeconfig });
  });

  afterAll(() => cluster?.close());

  for (const [index, given] of graphCases.entries()) {
    const skipped = given.skip?.kro ?? given.skip?.direct;
    it.skipIf(skipped).concurrent(given.name, { timeout: 180_000 }, ({ expect }) =>
      takeTurn(given.graph, () => compareModes(given, `same-${run}-${index}`, expect)),
    );
  }
});
