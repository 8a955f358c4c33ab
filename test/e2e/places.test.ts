/** One stack in several namespaces and on several clusters: environments do not touch each other. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from '../../src/cluster/cluster.ts';
import { connect } from '../../src/cluster/connect.ts';
import { down, up } from '../../src/cluster/local/local.ts';
import type { CommandResult } from '../cli/command-lines.ts';
import { fixtures, runTsx } from '../cli/run-command-lines.ts';
import { configMap, connectTo, namesIn } from './deploying.ts';
import { place } from './place.ts';

const second = { directory: join(place.stateHome, 'kubewright', 'second') };
const stack = join(fixtures, 'places/stack.ts');
const folder = mkdtempSync(join(tmpdir(), 'kubewright-places-'));
const kubeconfig = join(folder, 'kubeconfig');
let here: Cluster;
let there: Cluster;

const run = (argv: readonly string[], env: Record<string, string> = {}): CommandResult =>
  runTsx(stack, argv, { env: { XDG_STATE_HOME: place.stateHome, KUBECONFIG: kubeconfig, ...env } });

function done(argv: readonly string[], env: Record<string, string> = {}): void {
  const { code, stderr } = run(argv, env);
  expect(code, stderr).toBe(0);
}

/** Writes the context `places`, as somebody does who edits a kubeconfig. */
function pointTo({ server, token, caFile }: { server: string; token: string; caFile: string }): void {
  const ca = readFileSync(caFile).toString('base64');
  const document = {
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority-data': ca } }],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'places', context: { cluster: 'c', user: 'u' } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(document));
}

async function idOf(cluster: Cluster): Promise<string> {
  const found = await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' });
  return found?.metadata.uid ?? '';
}

beforeAll(async () => {
  here = await connectTo(place);
  await up(second);
  there = await connect({ kind: 'local', ...second });
});

afterAll(async () => {
  for (const name of ['near', 'beside', 'far']) run(['destroy', '--env', name]);
  here.close();
  there.close();
  await down(second);
  rmSync(folder, { recursive: true });
});

describe('one stack in several places', () => {
  it('has an inventory of its own in each of them', async () => {
    for (const name of ['near', 'beside', 'far']) done(['--env', name]);
    expect(await namesIn(here, 'places-a', configMap)).toEqual(['near', 'same']);
    expect(await namesIn(here, 'places-b', configMap)).toEqual(['beside', 'same']);
    expect(await namesIn(there, 'places-a', configMap)).toEqual(['far', 'same']);

    // A rename prunes in its own place.
    done(['--env', 'near'], { PLACES_NAME: 'renamed' });
    expect(await namesIn(here, 'places-a', configMap)).toEqual(['renamed', 'same']);
    expect(await namesIn(here, 'places-b', configMap)).toEqual(['beside', 'same']);
    expect(await namesIn(there, 'places-a', configMap)).toEqual(['far', 'same']);

    done(['destroy', '--env', 'near']);
    expect(await namesIn(here, 'places-a', configMap)).toEqual([]);
    expect(await namesIn(here, 'places-b', configMap)).toEqual(['beside', 'same']);
    for (const name of ['beside', 'far'])
      expect(run(['status', '--env', name]).stdout).toContain('2 of 2 objects ready');
    expect(run(['status', '--env', 'near']).stdout).toContain('is not deployed');
  }, 180_000);

  it('notices a context that leads to another cluster than before', async () => {
    pointTo(place);
    const environment = { PLACES_CLUSTER: await idOf(here) };
    done(['--env', 'known'], environment);
    const { server, token, caFile } = await up(second);
    pointTo({ server, token, caFile });
    for (const verb of ['deploy', 'plan', 'status', 'destroy'])
      expect(run([verb, '--env', 'known'], environment)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(
          /context "places" \(https:.*\) leads to cluster .*, not .*\. Correct the context/,
        ),
      });
    expect(await there.get({ apiVersion: 'v1', kind: 'Namespace', name: 'places-known' })).toBeUndefined();
    pointTo(place);
    done(['destroy', '--env', 'known'], environment);
    expect(await here.get({ apiVersion: 'v1', kind: 'Namespace', name: 'places-known' })).toBeUndefined();
  }, 180_000);
});
