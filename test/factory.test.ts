import { type } from 'arktype';
import { describe, expect, it } from 'vitest';
import { context, defineEnvironment, factory, simple, toResourceGraph } from '../src/index.ts';

const shop = toResourceGraph(
  {
    name: 'shop',
    apiVersion: 'example.com/v1',
    kind: 'Shop',
    spec: type({ image: 'string', replicas: 'number.integer = 1' }),
    status: type({ ready: 'boolean' }),
  },
  (schema) => ({ web: simple.Deployment({ name: 'web', image: schema.spec.image, replicas: schema.spec.replicas }) }),
  (_schema, { web }) => ({ ready: web.status.readyReplicas.orElse(0).gt(0) }),
);

describe('factory', () => {
  it('gives the objects of direct mode without a cluster, in both forms', async () => {
    const options = { namespace: 'library', name: 'first' };
    const manifests = await factory('direct', options).toManifests(shop, { image: 'shop:1' });
    expect(manifests).toMatchObject([
      { kind: 'Deployment', metadata: { name: 'web', namespace: 'library' }, spec: { replicas: 1 } },
    ]);
    expect(await shop.factory('direct', options).toManifests({ image: 'shop:1' })).toEqual(manifests);
  });

  it('gives objects that may be changed: nobody else sees it', async () => {
    const settings = toResourceGraph(
      { name: 'settings', apiVersion: 'example.com/v1', kind: 'Settings', spec: type({}) },
      () => ({ constant: simple.ConfigMap({ name: 'constant', data: { key: 'value' } }) }),
    );
    const made = factory('direct', { namespace: 'library' });
    const before = JSON.stringify(await made.toManifests(settings, {}));
    for (const object of (await made.toManifests(settings, {})) as Record<string, any>[]) {
      object['metadata'].name = 'other';
      object['metadata'].labels.app = 'other';
      object['data'].key = 'other';
      object['more'] = true;
    }
    expect(JSON.stringify(await made.toManifests(settings, {}))).toBe(before);
  });

  it('gives the definitions of kro mode without a cluster, in both forms', async () => {
    const definitions = await factory('kro').toDefinitions(shop);
    expect(definitions).toMatchObject([{ kind: 'ResourceGraphDefinition', metadata: { name: 'shop' } }]);
    expect(await shop.factory('kro').toDefinitions()).toEqual(definitions);
  });

  it('takes values from an environment where nothing else is said', async () => {
    const environment = defineEnvironment<{ shop: typeof shop }>({
      cluster: context('prod'),
      namespace: 'prod',
      values: { shop: { image: 'shop:2', replicas: 3 } },
    });
    const [object] = await factory('direct', { environment, namespace: 'other' }).toManifests(shop, {
      image: 'shop:3',
    });
    expect(object).toMatchObject({
      metadata: { namespace: 'other' },
      spec: { replicas: 3, template: { spec: { containers: [{ image: 'shop:3' }] } } },
    });
  });

  it('refuses values that do not fit, with their path', async () => {
    const values = { image: 'shop:1', replicas: 1.5 };
    await expect(factory('direct').toManifests(shop, values)).rejects.toThrow(
      /^factory\('direct'\) values\["shop"\]\.replicas: must be an integer \(was 1\.5\)/,
    );
    await expect(factory('direct').deploy(shop, { image: 1 } as never)).rejects.toThrow(
      'values["shop"].image: must be a string',
    );
  });

  it('keeps what the graph was', () => {
    expect(shop).toMatchObject({ name: 'shop', kind: 'Shop', order: ['web'] });
    expect(Object.isFrozen(shop)).toBe(true);
  });
});
