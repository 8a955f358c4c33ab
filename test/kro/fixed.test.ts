import { type } from 'arktype';
import { describe, expect, it } from 'vitest';
import { Cel } from '../../src/expr/cel.ts';
import { toResourceGraph, type Graph } from '../../src/graph/graph.ts';
import { core } from '../../src/k8s/index.ts';
import { toDefinition } from '../../src/kro/definition.ts';
import { fixFields } from '../../src/kro/fixed.ts';

const shop = toResourceGraph(
  {
    name: 'shop',
    apiVersion: 'example.com/v1',
    kind: 'Shop',
    spec: type({
      gateway: { routing: "'ingress' | 'gatewayApi' | 'loadBalancer'", 'domain?': 'string' },
      replicas: 'number.integer',
    }),
    status: type({
      url: 'string',
      'gateway?': 'string',
      either: 'string',
      'part?': { 'route?': 'string' },
      dynamic: 'string',
    }),
  },
  ({ spec }) => {
    const { routing } = spec.gateway;
    const ingress = core.v1.ConfigMap(
      { metadata: { name: 'ingress' }, data: { domain: spec.gateway.domain.orElse('none') } },
      { includeWhen: routing.eq('ingress') },
    );
    const gateway = core.v1.ConfigMap(
      { metadata: { name: 'gateway' } },
      { includeWhen: [routing.eq('gatewayApi'), spec.replicas.gt(0)] },
    );
    const route = core.v1.ConfigMap({ metadata: { name: 'route' }, data: { gateway: gateway.metadata.name } });
    const folded = core.v1.ConfigMap({
      metadata: { name: 'folded' },
      data: { by: routing.eq('gatewayApi').choose(gateway.metadata.name, 'nothing') },
    });
    const service = core.v1.Service({
      metadata: { name: 'service' },
      spec: { type: routing.eq('gatewayApi').choose('ClusterIP', 'LoadBalancer'), ports: [{ port: 80 }] },
    });
    return { ingress, gateway, route, folded, service };
  },
  ({ spec }, { ingress, gateway, route }) => ({
    url: Cel.template`https://${spec.gateway.routing}`,
    gateway: gateway.metadata.name,
    either: spec.gateway.routing.eq('ingress').choose(ingress.metadata.name, gateway.metadata.name),
    part: { route: route.metadata.name },
    dynamic: spec.replicas.gt(5).choose(gateway.metadata.name, 'few'),
  }),
) as unknown as Graph;

const definitionFor = (fixed: Record<string, unknown>) => toDefinition(fixFields(shop, fixed)).spec;

describe('fixFields', () => {
  it('leaves out what is never there, and what refers to it', () => {
    expect(definitionFor({ 'gateway.routing': 'ingress' }).resources.map(({ id }) => id)).toEqual([
      'ingress',
      'service',
    ]);
    expect(definitionFor({ 'gateway.routing': 'gatewayApi' }).resources.map(({ id }) => id)).toEqual([
      'gateway',
      'route',
      'folded',
      'service',
    ]);
  });

  it('drops conditions that always hold and keeps the others', () => {
    const [ingress] = definitionFor({ 'gateway.routing': 'ingress' }).resources;
    expect(ingress).not.toHaveProperty('includeWhen');
    const [gateway] = definitionFor({ 'gateway.routing': 'gatewayApi' }).resources;
    expect(gateway?.includeWhen).toEqual(['${schema.spec.replicas > 0}']);
  });

  it('computes what only the fixed values decide', () => {
    const { resources, schema } = definitionFor({ 'gateway.routing': 'ingress', 'gateway.domain': 'x.example' });
    expect(resources[0]?.template?.['data']).toEqual({ domain: 'x.example' });
    expect(resources[1]?.template?.['spec']).toMatchObject({ type: 'LoadBalancer' });
    expect(schema.status?.['url']).toBe('${cel.bind(constant, schema.kind, "https://ingress")}');
  });

  it('drops the status of what is never there, and only that', () => {
    const { status } = definitionFor({ 'gateway.routing': 'ingress' }).schema;
    expect(status).toEqual({
      url: '${cel.bind(constant, schema.kind, "https://ingress")}',
      either: '${ingress.metadata.name}',
      dynamic: '${schema.spec.replicas > 5 ? dyn({})["gateway"].metadata.name : "few"}',
    });
  });

  it('lets instances have no other value', () => {
    const { types } = definitionFor({ 'gateway.routing': 'ingress', replicas: 3 }).schema;
    expect(types?.['Gateway']).toMatchObject({ routing: 'string | required=true enum="ingress"' });
    expect(definitionFor({ replicas: 3 }).schema.spec['replicas']).toBe('integer | required=true minimum=3 maximum=3');
  });

  it('leaves the graph as it is', () => {
    fixFields(shop, { 'gateway.routing': 'ingress' });
    expect(shop.nodes).toHaveLength(5);
    expect(fixFields(shop, {})).toBe(shop);
  });

  it.each([
    [
      { 'gateway.rooting': 'x' },
      /^fixed gateway\.rooting: rooting is not a field of the schema\. Did you mean "routing"\?$/,
    ],
    [{ 'gateway.routing': 'tunnel' }, /^fixed gateway\.routing: must be one of "gatewayApi", "ingress"/],
    [{ replicas: 'three' }, /^fixed replicas: must be of type integer/],
    [{ replicas: 1.5 }, /^fixed replicas: must be an integer/],
    [{ replicas: undefined }, /^fixed replicas: has no value/],
  ])('refuses %j', (fixed, message) => {
    expect(() => fixFields(shop, fixed)).toThrow(message);
  });
});
