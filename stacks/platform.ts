import { type } from 'arktype';
import { Cel, run, simple, toResourceGraph } from 'kubewright';
import { microservicesApp } from './app.ts';

const PlatformSpec = type({
  environment: '"development" | "staging" | "production"',
  version: 'string',
  domain: 'string',
});

const PlatformStatus = type({
  shop: { url: 'string', health: 'string' },
  partners: { url: 'string', health: 'string' },
  healthy: 'boolean',
});

/** Two shops on one platform: one is part of it, the other an instance of its own kind. */
export const platform = toResourceGraph(
  {
    name: 'platform',
    apiVersion: 'example.com/v1alpha1',
    kind: 'Platform',
    spec: PlatformSpec,
    status: PlatformStatus,
  },
  (schema) => {
    const { environment, version, domain } = schema.spec;
    // Two environments in one cluster must not share them.
    const shopNamespace = simple.Namespace({ name: Cel.template`${schema.metadata.namespace}-shop` });
    const partnersNamespace = simple.Namespace({ name: Cel.template`${schema.metadata.namespace}-partners` });

    const service = (name: string) => ({
      image: Cel.template`${`${name}-service`}:${version}`,
      replicas: 1,
      database: { host: `${name}-db`, name },
    });
    const values = (subdomain: string) => ({
      environment,
      version,
      gateway: { domain: Cel.template`${subdomain}.${domain}`, replicas: 1 },
      services: { user: service('user'), product: service('product'), order: service('order') },
    });

    return {
      shopNamespace,
      partnersNamespace,
      shop: microservicesApp.include(values('shop'), { namespace: shopNamespace.metadata.name }),
      partners: microservicesApp.instance(values('partners'), {
        name: 'partners',
        namespace: partnersNamespace.metadata.name,
      }),
    };
  },
  (_schema, { shop, partners }) => ({
    shop: { url: shop.status.gatewayUrl, health: shop.status.health },
    partners: { url: partners.status.gatewayUrl, health: partners.status.health },
    healthy: shop.status.health.eq('healthy').and(partners.status.health.eq('healthy')),
  }),
);

run(import.meta, platform);
