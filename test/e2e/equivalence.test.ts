import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, type ExpectStatic, it } from 'vitest';
import type { Cluster, KubernetesObject } from '../../src/cluster/cluster.ts';
import { connect } from '../../src/cluster/connect.ts';
import { contextNames } from '../../src/cluster/kubeconfig.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import type { DeployOptions, Mode, TargetOptions } from '../../src/deploy/options.ts';
import { status as statusOf } from '../../src/deploy/status.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { prepareValues } from '../../src/resolve/values.ts';
import { type GraphCase, type GraphStep, inNamespace, placeholder } from '../cases/graph-case.ts';
import { graphCases } from '../cases/graphs.ts';
import { place } from './place.ts';

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

/** What a deployment or an update made. */
interface State {
  readonly objects: readonly KubernetesObject[];
  readonly status: object;
}

interface Outcome {
  readonly states: readonly State[];
  /** What the deletion left. */
  readonly left: readonly string[];
}

/** Cases of one graph are updates of each other: the first of them comes again at the end. */
interface Chain extends Pick<GraphCase, 'graph' | 'given' | 'instance' | 'featureGates'> {
  readonly name: string;
  readonly steps: readonly GraphStep[];
}

function chains(): Chain[] {
  const groups = Map.groupBy(
    graphCases.filter(({ skip, pending }) => !skip?.kro && !skip?.direct && !pending),
    ({ graph, instance, given }) => `${graph.name} ${instance ?? ''} ${JSON.stringify(given)}`,
  );
  return [...groups.values()].map((cases) => {
    const [first] = cases as [GraphCase];
    const steps = cases.flatMap((one) => [one, ...(one.steps ?? [])]);
    const name = steps.map((step) => step.name).join(' ► ');
    return { ...first, name, steps: steps.length > 1 ? [...steps, first] : steps };
  });
}

/** Deploys a chain, reads what each step of it made, and destroys it. */
async function runChain(chain: Chain, mode: Mode, namespace: string): Promise<Outcome> {
  const { graph, steps, featureGates } = chain;
  await makeNamespace(chain, namespace);
  const target = (values: unknown): DeployOptions => ({
    cluster,
    mode,
    instance: {
      name: inNamespace(chain.instance ?? 'sample', namespace),
      namespace,
      spec: prepareValues(graph, inNamespace(values, namespace)),
    },
    timeoutMs: 60_000,
    allowEmpty: true,
    featureGates,
  });
  const states: State[] = [];
  for (const step of steps) {
    const { status } = await deploy(graph, target(step.values));
    states.push({ status, objects: await made({ ...chain, objects: step.objects }, namespace) });
  }
  const last = steps.at(-1) as GraphStep;
  await destroy(graph, { ...target(last.values), definition: true });
  const left = await made({ ...chain, objects: last.objects }, namespace);
  return { states, left: left.map(({ kind, metadata }) => `${kind} ${metadata.name}`) };
}

async function makeNamespace({ given = [] }: Pick<GraphCase, 'given'>, namespace: string): Promise<void> {
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, { fieldManager: 'test' });
  for (const object of given) await cluster.apply(inNamespace(object, namespace) as never, { fieldManager: 'test' });
}

/** Deploys a case that has to wait, and reads what it made by then. */
async function runWaiting(given: GraphCase, mode: Mode, namespace: string): Promise<Outcome> {
  await makeNamespace(given, namespace);
  const instance = { name: given.instance ?? 'sample', namespace, spec: prepareValues(given.graph, given.values) };
  const target: TargetOptions = { cluster, mode, instance, timeoutMs: 10_000 };
  await deploy(given.graph, target).then(
    () => Promise.reject(new Error('the deployment has to wait')),
    () => undefined,
  );
  const { status } = await statusOf(given.graph, target);
  const objects = await made(given, namespace);
  await destroy(given.graph, target);
  const left = await made(given, namespace);
  return { states: [{ status, objects }], left: left.map(({ kind, metadata }) => `${kind} ${metadata.name}`) };
}

/** The objects of a namespace that are neither given nor Kubernetes' own, and the expected ones elsewhere. */
async function made(given: Pick<GraphCase, 'given' | 'objects'>, namespace: string): Promise<KubernetesObject[]> {
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

function sorted({ objects }: State, namespace: string): object[] {
  return objects
    .map((object) => comparable(object, namespace))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

interface Comparison {
  readonly name: string;
  readonly expect: ExpectStatic;
  readonly run: (mode: Mode, namespace: string) => Promise<Outcome>;
}

async function compareModes(
  steps: readonly Pick<GraphStep, 'objects' | 'status'>[],
  { name, expect, run: runMode }: Comparison,
): Promise<void> {
  const [direct, kro] = await Promise.all([runMode('direct', `${name}-d`), runMode('kro', `${name}-k`)]);
  for (const [index, { objects, status = {} }] of steps.entries()) {
    const [left, right] = [direct.states[index], kro.states[index]] as [State, State];
    expect(sorted(left, `${name}-d`)).toEqual(sorted(right, `${name}-k`));
    const expected = inNamespace(Object.values(objects).flat(), `${name}-d`);
    expect(left.objects).toHaveLength(expected.length);
    for (const object of expected) {
      const same = left.objects.filter(
        ({ kind, metadata }) => kind === object.kind && metadata.name === object.metadata.name,
      );
      expect(same).toMatchObject([object]);
    }
    expect(left.status).toEqual(inNamespace(status, `${name}-d`));
    expect(right.status).toEqual(inNamespace(status, `${name}-k`));
  }
  expect({ direct: direct.left, kro: kro.left }).toEqual({ direct: [], kro: [] });
}

describe('direct and kro mean the same', () => {
  beforeAll(async () => {
    const { kubeconfig } = place;
    cluster = await connect({ kind: 'context', name: contextNames(kubeconfig)[0] as string, kubeconfig });
  });

  afterAll(() => cluster?.close());

  for (const [index, chain] of chains().entries()) {
    it.concurrent(`${chain.graph.kind} ${chain.name}`, { timeout: 300_000 }, ({ expect }) =>
      takeTurn(chain.graph, () =>
        compareModes(chain.steps, {
          name: `same-${run}-${index}`,
          expect,
          run: (mode, namespace) => runChain(chain, mode, namespace),
        }),
      ),
    );
  }

  for (const [index, given] of graphCases.entries()) {
    if (!given.pending) continue;
    it.skipIf(given.skip?.kro ?? given.skip?.direct).concurrent(given.name, { timeout: 180_000 }, ({ expect }) =>
      takeTurn(given.graph, () =>
        compareModes([given], {
          name: `wait-${run}-${index}`,
          expect,
          run: (mode, namespace) => runWaiting(given, mode, namespace),
        }),
      ),
    );
  }
});
