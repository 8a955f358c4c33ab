import { afterAll, describe, expect, it } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import { history } from '../../src/deploy/history.ts';
import { plan } from '../../src/deploy/plan.ts';
import { rbac } from '../../src/deploy/rbac.ts';
import { kind, simple } from '../../src/k8s/index.ts';
import { connectTo, freshName, graphOf, optionsFor } from './deploying.ts';
import { userWith } from './least-privilege.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

const slow = graphOf('working', () => ({
  settings: simple.ConfigMap({ name: 'settings', data: {} }),
  pod: kind({ apiVersion: 'v1', kind: 'Pod' })({
    metadata: { name: 'pod', annotations: { 'simulate.kubewright.dev/start-delay': '60s' } },
    spec: { containers: [{ name: 'main', image: 'nginx' }] },
  } as never),
}));

describe('while another run works', () => {
  it('plan and history say so, and who holds the lock', async () => {
    const options = optionsFor({ cluster, namespace: freshName('working') });
    const ended = new AbortController();
    const deploying = deploy(slow, { ...options, signal: ended.signal });
    const made = (): readonly string[] => options.events.map(({ type }) => type);
    await expect.poll(made, { timeout: 20_000 }).toContain('waiting');
    const holder = expect.stringMatching(new RegExp(`^\\S+/${process.pid}$`));
    const { warnings } = await plan(slow, { ...options, onEvent: () => undefined });
    expect(warnings).toEqual([
      expect.stringMatching(
        new RegExp(`run 1 is still working: \\S+/${process.pid} holds the lock\\. A deployment waits for it$`),
      ),
    ]);
    expect((await history(slow, options)).revisions).toMatchObject([{ number: 1, result: 'running', holder }]);

    const account = { namespace: options.instance.namespace as string, name: 'planner' };
    const access = await rbac(slow, { ...options, for: ['plan'], serviceAccount: account });
    const user = await userWith(cluster, place, { access, account });
    const unseen = await plan(slow, { ...options, cluster: user, onEvent: () => undefined });
    expect(unseen.warnings.join('\n')).toMatch(/as run 1 did not end, or is still working/);
    user.close();

    ended.abort();
    await expect(deploying).rejects.toMatchObject({ code: 'Interrupted' });
    expect((await history(slow, options)).revisions[0]).not.toHaveProperty('holder');
    expect((await plan(slow, options)).warnings.join('\n')).toMatch(/as run 1 did not end well/);
  }, 60_000);
});
