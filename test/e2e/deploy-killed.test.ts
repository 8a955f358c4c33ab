import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { expectConverged, inParallel, stage, twenty, undisturbed, type Verb } from './crashing.ts';
import { connectTo } from './deploying.ts';
import type { Doom } from './deploy-in-process.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());
const runner = fileURLToPath(new URL('deploy-in-process.ts', import.meta.url));

const oldArguments = ['', 'one'] as const;
const newArguments = ['-new', 'two'] as const;
const old = twenty(...oldArguments);
const renamed = twenty(...newArguments);
const states = new Map<Graph, Record<string, unknown>>();
for (const graph of [old, renamed]) states.set(graph, await undisturbed(cluster, graph));

/** Runs a deployment in a process of its own that is killed with SIGKILL at one of its writes; `false` when it ended before. */
function killedAt(doom: Omit<Doom, 'place'>): Promise<boolean> {
  const { server, token, caFile } = place;
  const child = spawn(process.execPath, [runner], {
    env: { ...process.env, KILL: JSON.stringify({ ...doom, place: { server, token, caFile } }) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => void (errors += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on('exit', (code, signal) => {
      if (signal === 'SIGKILL') resolve(true);
      else if (code === 0) resolve(false);
      else reject(new Error(errors));
    });
  });
}

interface Situation {
  readonly title: string;
  readonly before?: Graph;
  readonly doomed: readonly [Verb, Doom['graph']];
  readonly next: Graph;
}

const situations: readonly Situation[] = [
  { title: 'a first deployment', doomed: ['deploy', oldArguments], next: old },
  { title: 'an update that renames', before: old, doomed: ['deploy', newArguments], next: renamed },
  { title: 'a destruction', before: old, doomed: ['destroy', oldArguments], next: old },
];

/** Every third write is enough here: deploy-crashes.test.ts has all of them, in one process. */
const writes = Array.from({ length: 14 }, (_, index) => index * 3 + 1);

describe('14. kill -9 mid-apply, re-run converges, nothing leaked', () => {
  it.each(situations)(
    '$title: the next run converges, nothing is left over, nothing foreign is touched',
    async ({ before, doomed: [verb, graph], next }) => {
      let points = 0;
      let last = Infinity;
      await inParallel(writes, 3, async (number) => {
        const when = number % 2 === 0 ? 'before' : 'after';
        if (number > last) return;
        const staged = await stage(cluster, false);
        if (before) await deploy(before, staged.options);
        const died = await killedAt({ write: number, when, graph, verb, namespace: staged.namespace });
        await expectConverged(cluster, staged, { verb, graph: next, state: states.get(next) ?? {} }).catch(
          (error: Error) => {
            throw new Error(`killed ${when} write ${number}: ${error.message}`, { cause: error });
          },
        );
        if (died) points += 1;
        else last = Math.min(last, number);
      });
      console.log(`${verb}: ${points} processes killed`);
      expect(points).toBeGreaterThanOrEqual(7);
    },
    300_000,
  );
});
