import { type } from 'arktype';
import { describe, expect, it } from 'vitest';
import { Cel, forEach, fromEnv, type Graph, simple, toResourceGraph } from '../../src/index.ts';
import { synthesize } from '../../src/gitops/synth.ts';
import { toYaml } from '../../src/gitops/yaml.ts';

const Spec = type({ image: 'string', regions: 'string[]' });
const spec = { image: 'nginx', regions: ['eu', 'us'] };

const shop = toResourceGraph(
  { name: 'shop', apiVersion: 'example.com/v1', kind: 'Shop', spec: Spec, status: type({ ready: 'boolean' }) },
  (schema) => {
    const credentials = simple.Secret({ name: 'credentials', stringData: { PASSWORD: 'secret-of-the-test' } });
    const token = simple.Secret({ name: 'token', stringData: { TOKEN: fromEnv('TOKEN') } });
    return {
      web: simple.Deployment({
        name: 'web',
        image: schema.spec.image,
        env: [{ name: 'SECRET', value: credentials.metadata.name }],
      }),
      workers: forEach(schema.spec.regions, (region) =>
        simple.ConfigMap({ name: Cel.template`worker-${region}`, data: { region } }),
      ),
      credentials,
      token,
    };
  },
  (_schema, { web }) => ({ ready: web.status.readyReplicas.orElse(0).gt(0) }),
);

const mall = toResourceGraph(
  { name: 'mall', apiVersion: 'example.com/v1', kind: 'Mall', spec: type({ image: 'string' }) },
  (schema) => {
    const ground = simple.Namespace({ name: 'ground' });
    return {
      ground,
      first: shop.instance(
        { image: schema.spec.image, regions: ['eu'] },
        { name: 'first', namespace: ground.metadata.name },
      ),
      second: shop.instance({ image: schema.spec.image, regions: ['us'] }, { name: 'second', namespace: 'default' }),
    };
  },
);

const instance = { name: 'shop', namespace: 'dev', spec };
const all = (): boolean => true;
const resources = (graph: Graph, options: Parameters<typeof synthesize>[1]): string[] => {
  const { files } = synthesize(graph, options);
  return [...(files.get('kustomization.yaml') ?? '').matchAll(/^ {2}- (.*)$/gm)].map(([, path = '']) => path);
};

describe('files for GitOps', () => {
  it('are in direct mode one file per resource, after what it needs', () => {
    const { files } = synthesize(shop, { mode: 'direct', instance, writesSecret: all });
    const order = resources(shop, { mode: 'direct', instance, writesSecret: all });
    expect([...files.keys()]).toEqual([
      'credentials.yaml',
      'kustomization.yaml',
      'namespace.yaml',
      'web.yaml',
      'workers.yaml',
    ]);
    expect(order[0]).toBe('namespace.yaml');
    expect(order.indexOf('credentials.yaml')).toBeLessThan(order.indexOf('web.yaml'));
    expect(files.get('workers.yaml')?.match(/^---$/gm)).toHaveLength(1);
    expect(files.get('namespace.yaml')).toBe(
      toYaml({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'dev' } }),
    );
  });

  it('are in kro mode the definition and its instance', () => {
    const options = { mode: 'kro', instance, writesSecret: all } as const;
    expect(resources(shop, options)).toEqual([
      'namespace.yaml',
      'credentials.yaml',
      'definition.yaml',
      'instance.yaml',
    ]);
    const { files } = synthesize(shop, options);
    expect(files.get('instance.yaml')).toBe(
      toYaml({ apiVersion: 'example.com/v1', kind: 'Shop', metadata: { name: 'shop', namespace: 'dev' }, spec }),
    );
    expect(files.get('definition.yaml')).not.toContain('secret-of-the-test');
  });

  it('hold the definitions of the graphs that a graph makes instances of, each once and first', () => {
    const { files } = synthesize(mall, {
      mode: 'kro',
      instance: { name: 'mall', namespace: 'default', spec: { image: 'nginx' } },
    });
    expect([...files.keys()]).toEqual([
      'definition-shop.yaml',
      'definition.yaml',
      'instance.yaml',
      'kustomization.yaml',
    ]);
    const wave = (file: string): number => Number(/sync-wave: '(-?\d+)'/.exec(files.get(file) ?? '')?.[1]);
    expect(wave('definition-shop.yaml')).toBeLessThan(wave('definition.yaml'));
    expect(wave('definition.yaml')).toBeLessThan(0);
  });

  it('are in folders of their own where a graph makes instances in direct mode', () => {
    const order = resources(mall, {
      mode: 'direct',
      instance: { name: 'mall', namespace: 'default', spec: { image: 'nginx' } },
    });
    expect(order).toEqual(
      expect.arrayContaining(['ground.yaml', 'first/web.yaml', 'second/web.yaml', 'first/workers.yaml']),
    );
    expect(order).not.toContain('namespace.yaml');
  });

  it.each(['direct', 'kro'] as const)('hold no Secret unless it is said, mode %s', (mode) => {
    const { files, omittedSecrets } = synthesize(shop, { mode, instance });
    const text = [...files.values()].join('');
    expect(omittedSecrets.toSorted()).toEqual(['credentials', 'token']);
    expect(text).not.toContain('secret-of-the-test');
    expect(text).not.toContain(Buffer.from('secret-of-the-test').toString('base64'));
    expect(text).toContain('# Not in these files: Secret credentials. It has to be in the cluster.');
  });

  it.each(['direct', 'kro'] as const)('never hold a Secret that is read when it is deployed, mode %s', (mode) => {
    expect(synthesize(shop, { mode, instance, writesSecret: all }).omittedSecrets).toEqual(['token']);
  });

  it('have no Namespace where the graph makes it itself', () => {
    const options = {
      mode: 'direct',
      instance: { name: 'mall', namespace: 'ground', spec: { image: 'nginx' } },
    } as const;
    expect(resources(mall, options)).not.toContain('namespace.yaml');
  });

  it('are the same bytes every time', () => {
    for (const mode of ['direct', 'kro'] as const)
      expect(synthesize(mall, { mode, instance: { ...instance, spec: { image: 'nginx' } } })).toEqual(
        synthesize(mall, { mode, instance: { ...instance, spec: { image: 'nginx' } } }),
      );
  });

  it('have names that differ where upper and lower case are the same', () => {
    const graph = toResourceGraph(
      { name: 'cases', apiVersion: 'example.com/v1', kind: 'Cases', spec: type({}) },
      () => ({
        webApi: simple.ConfigMap({ name: 'a', data: {} }),
        webAPI: simple.ConfigMap({ name: 'b', data: {} }),
        kustomization: simple.ConfigMap({ name: 'c', data: {} }),
      }),
    );
    expect(resources(graph, { mode: 'direct', instance: { name: 'cases', namespace: 'default', spec: {} } })).toEqual([
      'webApi.yaml',
      'webAPI-2.yaml',
      'kustomization-2.yaml',
    ]);
  });

  it('name the resource that needs the cluster', () => {
    const graph = toResourceGraph({ name: 'live', apiVersion: 'example.com/v1', kind: 'Live', spec: type({}) }, () => {
      const service = simple.Service({ name: 'service', selector: { app: 'a' }, ports: [{ port: 80 }] });
      return { service, config: simple.ConfigMap({ name: 'config', data: { ip: service.spec.clusterIP } }) };
    });
    const synth = (): unknown =>
      synthesize(graph, { mode: 'direct', instance: { name: 'live', namespace: 'default', spec: {} } });
    expect(synth).toThrow(/^config data\.ip: .*known only in the cluster: use mode kro/);
  });
});
