import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import { configMap, configMaps, connectTo, freshName, graphOf, namesIn, optionsFor } from './deploying.ts';

const place = inject('controlPlane');
const cluster = await connectTo(place);
afterAll(() => cluster.close());
const runner = fileURLToPath(new URL('deploy-in-process.ts', import.meta.url));

/** Runs a deployment in a process of its own that kills itself with SIGKILL before its nth write. */
function killedAt(
  write: number,
  { names, namespace, verb }: { names: readonly string[]; namespace: string; verb: string },
): Promise<void> {
  const child = spawn(process.execPath, [runner], {
    env: { ...process.env, KILL: JSON.stringify({ write, names, namespace, verb, place }) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => void (errors += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on('exit', (code) =>
      code === 0 ? reject(new Error(`the run ended before write ${write}: ${errors}`)) : resolve(),
    );
  });
}

// Namespace, lock, record, five objects, record, lock: the writes of a small deployment.
describe('14. kill -9 mid-apply, re-run converges, nothing leaked', () => {
  it.each([1, 3, 4, 6])('before write %i of a first deployment is continued by the next', async (write) => {
    const namespace = freshName('killed');
    const names = ['a', 'b', 'c', 'd', 'e'];
    await killedAt(write, { names, namespace, verb: 'deploy' });
    const options = optionsFor({ cluster, namespace });
    const renamed = ['a', 'b', 'c', 'd', 'x'];
    await deploy(graphOf('killed', configMaps(renamed)), { ...options, timeoutMs: 50_000 });
    expect(await namesIn(cluster, namespace, configMap)).toEqual(renamed);
    expect((await deploy(graphOf('killed', configMaps(renamed)), options)).writes).toBe(0);
  });

  it.each([4, 7])('before write %i of a destruction leaves nothing behind after the next', async (write) => {
    const namespace = freshName('destroyed');
    const names = ['a', 'b', 'c', 'd', 'e'];
    const options = optionsFor({ cluster, namespace });
    const graph = graphOf('killed', configMaps(names));
    await deploy(graph, options);
    await killedAt(write, { names, namespace, verb: 'destroy' });
    await destroy(graph, options);
    expect(await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: namespace })).toBeUndefined();
  });
});
