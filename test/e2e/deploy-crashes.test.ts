import { afterAll, describe, expect, it } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { crash, expectConverged, inParallel, stage, twenty, undisturbed, type Crash, type Verb } from './crashing.ts';
import { connectTo } from './deploying.ts';
import { startProxy } from './fault-proxy.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
const lanes = 6;
const proxies = await Promise.all(Array.from({ length: lanes }, () => startProxy(place, 'http')));
afterAll(() => {
  for (const proxy of proxies) proxy.close();
  cluster.close();
});

const old = twenty('', 'one');
const renamed = twenty('-new', 'two');
const states = new Map<Graph, Record<string, unknown>>();
for (const graph of [old, renamed]) states.set(graph, await undisturbed(cluster, graph));

interface Situation {
  readonly title: string;
  /** What is there when the doomed call begins. */
  readonly before?: Graph;
  readonly doomed: readonly [Verb, Graph];
  readonly next: readonly [Verb, Graph];
  /** Whether the namespace is the deployment's own. */
  readonly owned: boolean;
}

const situations: readonly Situation[] = [
  { title: 'a first deployment', doomed: ['deploy', old], next: ['deploy', old], owned: true },
  { title: 'a first deployment that is given up', doomed: ['deploy', old], next: ['destroy', old], owned: false },
  {
    title: 'an update that renames',
    before: old,
    doomed: ['deploy', renamed],
    next: ['deploy', renamed],
    owned: false,
  },
  {
    title: 'an update that is taken back',
    before: old,
    doomed: ['deploy', renamed],
    next: ['deploy', old],
    owned: false,
  },
  { title: 'a destruction', before: old, doomed: ['destroy', old], next: ['destroy', old], owned: false },
  {
    title: 'a destruction that is regretted',
    before: old,
    doomed: ['destroy', old],
    next: ['deploy', renamed],
    owned: false,
  },
];

/** Kills a call at every one of its writes; says how many there were. */
async function exhaust({ before, doomed, next, owned }: Situation, when: Crash['when']): Promise<number> {
  let points = 0;
  let last = Infinity;
  const writes = Array.from({ length: 80 }, (_, index) => index + 1);
  await inParallel(writes, lanes, async (write, lane) => {
    if (write > last) return;
    const staged = await stage(cluster, owned);
    if (before) await deploy(before, staged.options);
    const [verb, graph] = doomed;
    const died = await crash(proxies[lane]!, staged, { verb, graph, write, when });
    const state = states.get(next[1]) ?? {};
    await expectConverged(cluster, staged, { verb: next[0], graph: next[1], state }).catch((error: Error) => {
      throw new Error(`killed ${when} write ${write}: ${error.message}`, { cause: error });
    });
    if (died) points += 1;
    else last = Math.min(last, write);
  });
  return points;
}

let total = 0;

describe('killed at each of its writes in turn', () => {
  it.each(situations.flatMap((situation) => (['before', 'after'] as const).map((when) => ({ ...situation, when }))))(
    '$title, $when the server got it: the next run converges, nothing is left over, nothing foreign is touched',
    async ({ when, ...situation }) => {
      const points = await exhaust(situation, when);
      console.log(`${situation.title}, ${when}: ${points} kill points`);
      total += points;
      expect(points).toBeGreaterThanOrEqual(20);
    },
    300_000,
  );

  it('was tried at 200 points or more', () => {
    console.log(`${total} kill points in all, no failure`);
    expect(total).toBeGreaterThanOrEqual(200);
  });
});
