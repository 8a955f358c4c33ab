import { defineEnvironment, local } from 'kubewright';
import base, { type Graphs } from './base.ts';

/** On this machine, deployed directly. */
export default defineEnvironment<Graphs>({
  extends: base,
  cluster: local(),
  mode: 'direct',
  namespace: 'microservices-dev',
  secrets: 'plain',
  values: {
    'microservices-app': {
      environment: 'development',
      gateway: { domain: 'microservices-dev.local', replicas: 1 },
      services: {
        user: { image: 'user-service:dev', replicas: 1, database: { host: 'user-db.dev', name: 'users_dev' } },
        product: {
          image: 'product-service:dev',
          replicas: 1,
          database: { host: 'product-db.dev', name: 'products_dev' },
        },
        order: { image: 'order-service:dev', replicas: 1, database: { host: 'order-db.dev', name: 'orders_dev' } },
      },
    },
    platform: {
      environment: 'development',
      domain: 'microservices-dev.local',
    },
  },
});
