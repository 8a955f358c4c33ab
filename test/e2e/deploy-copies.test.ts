import { afterAll, describe, expect, it } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import type { DeployOptions } from '../../src/deploy/options.ts';
import { plan } from '../../src/deploy/plan.ts';
import { status } from '../../src/deploy/status.ts';
import { kind, simple } from '../../src/k8s/index.ts';
import { configMap, configMaps, connectTo, freshName, graphOf, optionsFor } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

type Kind = typeof configMap | { readonly apiVersion: string; readonly kind: string };

/** As `kubectl get -o yaml`, `delete` and `create` do it: the dump says nothing of who owns what. */
async function restore(of: Kind, { instance }: DeployOptions, fieldManager = 'kubectl-replace'): Promise<void> {
  const ref = { ...of, name: 'a', namespace: instance.namespace as string };
  const { metadata, status: _status, ...rest } = (await cluster.get(ref))!;
  const { name, namespace, labels, annotations } = metadata;
  await cluster.delete(ref);
  await cluster.create({ ...rest, metadata: { name, namespace, labels, annotations } } as never, { fieldManager });
}

async function patch(
  { instance }: DeployOptions,
  data: Readonly<Record<string, string>>,
  fieldManager = 'kubectl-patch',
): Promise<void> {
  const ref = { ...configMap, name: 'a', namespace: instance.namespace as string };
  await cluster.patch(ref, { type: 'merge', body: { data } }, { fieldManager });
}

async function emptyManagers({ instance }: DeployOptions): Promise<void> {
  const ref = { ...configMap, name: 'a', namespace: instance.namespace as string };
  const body = [{ op: 'replace', path: '/metadata/managedFields', value: [{}] }] as const;
  await cluster.patch(ref, { type: 'json', body });
}

async function dataOf({ instance }: DeployOptions): Promise<unknown> {
  const { namespace } = instance;
  return (await cluster.get({ ...configMap, name: 'a', namespace }))?.['data'];
}

const before = graphOf('copies', configMaps(['a'], { one: '1', two: '2' }));
const anew = { label: 'a', change: 'deleted', reason: 'somebody deleted it and made another one' };

describe('an object that somebody restored from a dump', () => {
  it('is said to be another one, with the values that differ', async () => {
    const options = optionsFor({ cluster, namespace: freshName('copies') });
    await deploy(before, options);
    await restore(configMap, options);
    const asked = { ...options, drift: true };
    expect((await status(before, asked)).drift).toEqual([expect.objectContaining(anew)]);
    await patch(options, { one: 'hacked' });
    expect((await status(before, asked)).drift).toMatchObject([
      anew,
      { change: 'field', path: 'data.one', manager: 'kubectl-patch', wanted: '1', found: 'hacked' },
    ]);
  });

  it('differs where nobody owns anything', async () => {
    const options = optionsFor({ cluster, namespace: freshName('copies') });
    await deploy(before, options);
    await emptyManagers(options);
    const asked = { ...options, drift: true };
    expect((await status(before, asked)).drift).toEqual([]);
    await patch(options, { one: 'hacked' });
    expect((await status(before, asked)).drift).toMatchObject([
      { change: 'field', path: 'data.one', wanted: '1', found: 'hacked', reason: 'somebody changed it' },
    ]);
  });

  it('does not differ where the server writes values its own way', async () => {
    const web = kind({ apiVersion: 'apps/v1', kind: 'Deployment' });
    const resources = { requests: { cpu: '1000m', memory: '1024Mi' } };
    const image = (name: string): ReturnType<typeof graphOf> =>
      graphOf('normal', () => ({
        web: web({
          metadata: { name: 'a' },
          spec: {
            replicas: 0,
            selector: { matchLabels: { app: 'a' } },
            template: {
              metadata: { labels: { app: 'a' } },
              spec: {
                hostNetwork: false,
                containers: [{ name: 'web', image: name, ports: [{ containerPort: 80 }], resources }],
              },
            },
          },
        } as never),
        lease: simple.ConfigMap({ name: 'lease', data: {} }),
      }));
    const options = optionsFor({ cluster, namespace: freshName('copies') });
    await deploy(image('nginx:1'), options);
    await restore({ apiVersion: 'apps/v1', kind: 'Deployment' }, options);
    const { drift } = await status(image('nginx:1'), { ...options, drift: true });
    expect(drift).toEqual([expect.objectContaining({ change: 'deleted', reason: anew.reason })]);
  });

  for (const [name, spoil] of [
    ['kubectl', (options: DeployOptions) => restore(configMap, options)],
    ['a program', (options: DeployOptions) => restore(configMap, options, 'backup-server')],
    ['one who empties managedFields', emptyManagers],
  ] as const)
    it(`is taken over with consent from ${name}, and what the graph drops goes`, async () => {
      const options = optionsFor({ cluster, namespace: freshName('copies') });
      await deploy(before, options);
      await spoil(options);
      const after = graphOf('copies', configMaps(['a'], { one: '1' }));
      await expect(deploy(after, options)).rejects.toThrow(/a: ConfigMap .*\/a (was restored by|has fields).*--adopt/);
      await expect(deploy(before, options)).rejects.toThrow(/--adopt/);
      const planned = await plan(after, { ...options, adopt: true });
      expect(planned.changes).toMatchObject([{ action: 'adopt', fields: [{ path: 'data.two', before: '2' }] }]);
      expect((await deploy(after, { ...options, adopt: true })).objects).toMatchObject([{ action: 'adopted' }]);
      expect(await dataOf(options)).toEqual({ one: '1' });
      expect((await deploy(after, options)).writes).toBe(0);
      expect((await status(after, { ...options, drift: true })).drift).toEqual([]);
    });
});
