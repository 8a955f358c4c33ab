import { type } from 'arktype';
import { afterAll, describe, expect, it } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import { rollback } from '../../src/deploy/rollback.ts';
import { toResourceGraph, type Graph } from '../../src/graph/graph.ts';
import { core, simple } from '../../src/k8s/index.ts';
import { crash, expectConverged, inParallel, stage, undisturbed, type Crash, type Verb } from './crashing.ts';
import { connectTo } from './deploying.ts';
import { startProxy } from './fault-proxy.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
const lanes = 4;
const proxies = await Promise.all(Array.from({ length: lanes }, () => startProxy(place, 'http')));
afterAll(() => {
  for (const proxy of proxies) proxy.close();
  cluster.close();
});

let kinds = 0;

/** Definitions are shared by a whole cluster, so each kill has a kind of its own. */
function freshKind(): string {
  kinds += 1;
  return `Crash${kinds}${process.pid}`;
}

function few(kind: string, suffix: string, version: string, grown?: 'good' | 'broken'): Graph {
  const spec = type(grown ? { 'more?': 'string' } : {});
  return toResourceGraph(
    { name: kind.toLowerCase(), apiVersion: 'tests.example.com/v1alpha1', kind, spec, status: type({}) },
    () => ({
      ...(grown === 'broken' && { pod: failing() }),
      plain: simple.ConfigMap({ name: `plain${suffix}`, data: { version } }),
      secret: simple.Secret({ name: 'secret', stringData: { version } }),
      service: simple.Service({ name: `service${suffix}`, selector: { app: 'web' }, ports: [{ port: 80 }] }),
    }),
  );
}

function failing(): ReturnType<typeof core.v1.Pod> {
  const annotations = { 'simulate.kubewright.dev/pod': 'fail' };
  return core.v1.Pod({
    metadata: { name: 'pod', annotations },
    spec: { containers: [{ name: 'it', image: 'nginx' }] },
  });
}

const old = ['', 'one'] as const;
const renamed = ['-new', 'two'] as const;
const stateOf = ([suffix, version]: readonly [string, string]): Promise<Record<string, unknown>> =>
  undisturbed(cluster, few(freshKind(), suffix, version), 'kro');
const states = { old: await stateOf(old), renamed: await stateOf(renamed) };

interface Situation {
  readonly title: string;
  /** What was deployed, one after the other. */
  readonly deployed: readonly (readonly [string, string])[];
  readonly verb: Crash['verb'];
  readonly becomes: 'old' | 'renamed';
  /** It adds to the schema, fails and is undone; the next one corrects it. */
  readonly undone?: true;
  /** At least so many writes are killed. */
  readonly points: number;
}

const situations: readonly Situation[] = [
  { title: 'a first deployment', deployed: [], verb: 'deploy', becomes: 'old', points: 4 },
  { title: 'an update that renames', deployed: [old], verb: 'deploy', becomes: 'renamed', points: 4 },
  { title: 'a destruction', deployed: [old], verb: 'destroy', becomes: 'old', points: 4 },
  { title: 'a rollback', deployed: [old, renamed], verb: 'rollback', becomes: 'old', points: 6 },
  { title: 'a failure that is undone', deployed: [old], verb: 'deploy', becomes: 'renamed', undone: true, points: 10 },
];

/** Killed before a write the server is as it is after the one before, so the longer ones are killed once at each. */
const tries = situations.flatMap((situation) => {
  const whens: readonly Crash['when'][] = situation.points > 4 ? ['after'] : ['before', 'after'];
  return whens.map((when) => ({ ...situation, when }));
});

/** Kills a call at every one of its writes; says how many there were. */
async function exhaust({ deployed, verb, becomes, undone }: Situation, when: Crash['when']): Promise<number> {
  let points = 0;
  let last = Infinity;
  const writes = Array.from({ length: 30 }, (_, index) => index + 1);
  await inParallel(writes, lanes, async (write, lane) => {
    if (write > last) return;
    const kind = freshKind();
    const staged = await stage(cluster, false, 'kro');
    const [suffix, version] = becomes === 'old' ? old : renamed;
    const graph = few(kind, suffix, version, undone && 'good');
    const doomed = undone ? few(kind, suffix, version, 'broken') : graph;
    for (const each of deployed) await deploy(few(kind, ...each), staged.options);
    const options = { ...staged.options, ...(undone && { rollbackOnFailure: true }) };
    const died = await crash(proxies[lane]!, { ...staged, options }, { verb, graph: doomed, write, when });
    if (verb === 'rollback') await rollback(graph, { ...staged.options, to: 1 });
    const goal: Verb = verb === 'destroy' ? verb : 'deploy';
    await expectConverged(cluster, staged, { verb: goal, graph, state: states[becomes] }).catch((error: Error) => {
      throw new Error(`killed ${when} write ${write}: ${error.message}`, { cause: error });
    });
    const definition = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: kind.toLowerCase() };
    const { annotations = {} } = (await cluster.get(definition))?.metadata ?? {};
    expect(annotations).not.toHaveProperty(['kro.run/allow-breaking-changes']);
    await destroy(graph, staged.options);
    expect(await cluster.get(definition)).toBeUndefined();
    if (died) points += 1;
    else last = Math.min(last, write);
  });
  return points;
}

describe('with kro, killed at each of its writes in turn', () => {
  it.each(tries)(
    '$title, $when the server got it: the next run converges, nothing is left over, nothing foreign is touched',
    async ({ when, ...situation }) => {
      const points = await exhaust(situation, when);
      console.log(`${situation.title} with kro, ${when}: ${points} kill points`);
      expect(points).toBeGreaterThanOrEqual(situation.points);
    },
    300_000,
  );
});
