import { type } from 'arktype';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import { toResourceGraph, type Graph } from '../../src/graph/graph.ts';
import { simple } from '../../src/k8s/index.ts';
import { crash, expectConverged, inParallel, stage, undisturbed, type Crash, type Verb } from './crashing.ts';
import { connectTo } from './deploying.ts';
import { startProxy } from './fault-proxy.ts';

const place = inject('controlPlane');
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

function few(kind: string, suffix: string, version: string): Graph {
  return toResourceGraph(
    { name: kind.toLowerCase(), apiVersion: 'tests.example.com/v1alpha1', kind, spec: type({}), status: type({}) },
    () => ({
      plain: simple.ConfigMap({ name: `plain${suffix}`, data: { version } }),
      secret: simple.Secret({ name: 'secret', stringData: { version } }),
      service: simple.Service({ name: `service${suffix}`, selector: { app: 'web' }, ports: [{ port: 80 }] }),
    }),
  );
}

const old = ['', 'one'] as const;
const renamed = ['-new', 'two'] as const;
const stateOf = ([suffix, version]: readonly [string, string]): Promise<Record<string, unknown>> =>
  undisturbed(cluster, few(freshKind(), suffix, version), 'kro');
const states = { old: await stateOf(old), renamed: await stateOf(renamed) };

interface Situation {
  readonly title: string;
  readonly deployed: boolean;
  readonly verb: Verb;
  readonly becomes: 'old' | 'renamed';
}

const situations: readonly Situation[] = [
  { title: 'a first deployment', deployed: false, verb: 'deploy', becomes: 'old' },
  { title: 'an update that renames', deployed: true, verb: 'deploy', becomes: 'renamed' },
  { title: 'a destruction', deployed: true, verb: 'destroy', becomes: 'old' },
];

/** Kills a call at every one of its writes; says how many there were. */
async function exhaust({ deployed, verb, becomes }: Situation, when: Crash['when']): Promise<number> {
  let points = 0;
  let last = Infinity;
  const writes = Array.from({ length: 20 }, (_, index) => index + 1);
  await inParallel(writes, lanes, async (write, lane) => {
    if (write > last) return;
    const kind = freshKind();
    const staged = await stage(cluster, false, 'kro');
    const [suffix, version] = becomes === 'old' ? old : renamed;
    const graph = few(kind, suffix, version);
    if (deployed) await deploy(few(kind, ...old), staged.options);
    const died = await crash(proxies[lane]!, staged, { verb, graph, write, when });
    await expectConverged(cluster, staged, { verb, graph, state: states[becomes] }).catch((error: Error) => {
      throw new Error(`killed ${when} write ${write}: ${error.message}`, { cause: error });
    });
    await destroy(graph, staged.options);
    const definition = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: kind.toLowerCase() };
    expect(await cluster.get(definition)).toBeUndefined();
    if (died) points += 1;
    else last = Math.min(last, write);
  });
  return points;
}

describe('with kro, killed at each of its writes in turn', () => {
  it.each(situations.flatMap((situation) => (['before', 'after'] as const).map((when) => ({ ...situation, when }))))(
    '$title, $when the server got it: the next run converges, nothing is left over, nothing foreign is touched',
    async ({ when, ...situation }) => {
      const points = await exhaust(situation, when);
      console.log(`${situation.title} with kro, ${when}: ${points} kill points`);
      expect(points).toBeGreaterThanOrEqual(4);
    },
    300_000,
  );
});
