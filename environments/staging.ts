import { defineEnvironment, local } from 'kubewright';
import base, { type Graphs } from './base.ts';

/** On this machine, through kro, with the Gateway API in front. */
export default defineEnvironment<Graphs>({
  extends: base,
  cluster: local(),
  mode: 'kro',
  namespace: 'microservices-staging',
  secrets: 'plain',
  values: {
    'microservices-app': {
      environment: 'staging',
      gateway: { domain: 'microservices-staging.local', replicas: 2, routing: 'gatewayApi' },
      services: {
        user: {
          image: 'user-service:1.0.0',
          replicas: 2,
          database: { host: 'user-db.staging', name: 'users_staging' },
        },
        product: {
          image: 'product-service:1.0.0',
          replicas: 2,
          database: { host: 'product-db.staging', name: 'products_staging' },
        },
        order: {
          image: 'order-service:1.0.0',
          replicas: 2,
          database: { host: 'order-db.staging', name: 'orders_staging' },
        },
      },
    },
    platform: {
      environment: 'staging',
      domain: 'microservices-staging.local',
    },
  },
});
