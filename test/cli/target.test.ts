import { type } from 'arktype';
import { describe, expect, it } from 'vitest';
import type { EnvironmentDefinition } from '../../src/cli/environment.ts';
import { prepareTarget, type Target } from '../../src/cli/target.ts';
import { defineEnvironment, fromEnv, kind, local, simple, toResourceGraph } from '../../src/index.ts';

const gateway = kind<{ spec: { name: string } }>({ apiVersion: 'example.org/v1', kind: 'Gateway' });

const shop = toResourceGraph(
  {
    name: 'shop',
    apiVersion: 'example.com/v1',
    kind: 'Shop',
    spec: type({ image: 'string', gateway: { routing: '"ingress" | "gateway" = "ingress"' } }),
    status: type({ image: 'string' }),
  },
  (schema) => ({
    web: simple.Deployment({ name: 'web', image: schema.spec.image }),
    databaseSecret: simple.Secret({ name: 'database', stringData: { PASSWORD: 'a' } }),
    tokens: simple.Secret({ name: 'api-tokens', stringData: { TOKEN: 'b' } }),
    gateway: gateway(
      { metadata: { name: 'gateway' }, spec: { name: 'shop' } },
      { includeWhen: schema.spec.gateway.routing.eq('gateway') },
    ),
  }),
  (_schema, { web }) => ({ image: web.spec.template.spec.containers[0]!.image }),
);
const twoShops = toResourceGraph(
  { name: 'two-shops', apiVersion: 'example.com/v1', kind: 'TwoShops', spec: type({}) },
  () => ({
    first: shop.instance({ image: 'a', gateway: { routing: 'ingress' } }, { name: 'first', namespace: 'first' }),
    second: shop.instance({ image: 'b', gateway: { routing: 'ingress' } }, { name: 'second', namespace: 'second' }),
  }),
);

function target(graph: typeof shop | typeof twoShops, settings: EnvironmentDefinition): Target {
  const environment = defineEnvironment({
    cluster: local(),
    values: { shop: { image: 'shop:1', gateway: {} } },
    ...settings,
  });
  return prepareTarget(graph, { name: 'test', file: 'environments/test.ts', environment });
}

describe('a graph for an environment', () => {
  it('is an instance with its name, place, labels and complete values', () => {
    const { instance, mode, cluster, name } = target(shop, {
      namespace: 'dev',
      names: { shop: 'shop-eu' },
      labels: { team: 'a' },
      annotations: { note: 'b' },
    });
    expect(instance).toEqual({
      name: 'shop-eu',
      namespace: 'dev',
      labels: { team: 'a' },
      annotations: { note: 'b' },
      spec: { image: 'shop:1', gateway: { routing: 'ingress' } },
    });
    expect({ mode, cluster, name }).toEqual({ mode: 'direct', cluster: local(), name: 'shop' });
  });

  it.each<[string, EnvironmentDefinition['secrets'], Record<string, unknown>, string[]]>([
    ['nothing', undefined, {}, []],
    ["'plain'", 'plain', { databaseSecret: 'plain', tokens: 'plain' }, ['databaseSecret', 'tokens']],
    ["'existing'", 'existing', { databaseSecret: 'existing', tokens: 'existing' }, []],
    ['the id of one', { databaseSecret: 'existing' }, { databaseSecret: 'existing' }, []],
    ['the name of one', { 'api-tokens': 'plain' }, { tokens: 'plain' }, ['tokens']],
    [
      'keys',
      { database: { PASSWORD: fromEnv('PASSWORD') } },
      { databaseSecret: { PASSWORD: fromEnv('PASSWORD') } },
      [],
    ],
    ['a Secret of another graph', { somethingElse: 'existing' }, {}, []],
  ])('has the Secrets that %s says', (_title, secrets, sources, written) => {
    const { secrets: found, writesSecret } = target(shop, { ...(secrets && { secrets }) });
    expect(found).toEqual(sources);
    expect(['databaseSecret', 'tokens'].filter(writesSecret)).toEqual(written);
  });

  it('has the Secrets inside of the graphs that it makes instances of', () => {
    expect(target(twoShops, { secrets: { database: 'existing' } }).secrets).toEqual({
      'first/databaseSecret': 'existing',
      'second/databaseSecret': 'existing',
    });
    expect(target(twoShops, { secrets: { 'second/tokens': 'existing' } }).secrets).toEqual({
      'second/tokens': 'existing',
    });
  });

  it('has in kro mode another name and kind where the environment says so', () => {
    const definition = { name: 'shop-blue', kind: 'BlueShop' };
    for (const settings of [{ definition }, { definition: { shop: definition } }]) {
      expect(target(shop, { mode: 'kro', ...settings })).toMatchObject({
        name: 'shop',
        graph: definition,
        instance: { name: 'shop' },
      });
    }
    expect(target(shop, { mode: 'kro', definition: { other: definition } }).graph).toBe(shop);
    expect(target(shop, { mode: 'direct', definition }).graph).toBe(shop);
  });

  it('has in kro mode no resource that fixed values leave out', () => {
    const ids = (settings: EnvironmentDefinition): string[] => target(shop, settings).graph.nodes.map(({ id }) => id);
    for (const fixed of [
      ['gateway.routing'],
      { shop: ['gateway.routing'] },
      ['gateway.routing', 'a.field.of.another.graph'],
    ])
      expect(ids({ mode: 'kro', fixed })).not.toContain('gateway');
    expect(ids({ mode: 'kro' })).toContain('gateway');
    expect(ids({ mode: 'direct', fixed: ['gateway.routing'] })).toContain('gateway');
  });

  it.each([{ shop: ['gateway.rooting'] }, ['gateway.rooting']])('refuses fixed fields that are mistyped', (fixed) => {
    expect(() => target(shop, { mode: 'kro', fixed })).toThrow(
      'environments/test.ts fixed: graph shop has no field gateway.rooting. Did you mean "routing"?',
    );
  });
});
