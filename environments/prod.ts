import { context, defineEnvironment } from 'kubewright';
import base, { type Graphs } from './base.ts';

/** The production cluster, through kro; its Secrets are made there. */
export default defineEnvironment<Graphs>({
  extends: base,
  cluster: context('prod'),
  mode: 'kro',
  namespace: 'microservices',
  secrets: 'existing',
  values: {
    'microservices-app': {
      environment: 'production',
      gateway: { domain: 'api.mycompany.com', replicas: 3 },
      services: {
        user: { image: 'user-service:1.0.0', replicas: 3, database: { host: 'user-db.prod', name: 'users' } },
        product: {
          image: 'product-service:1.0.0',
          replicas: 5,
          database: { host: 'product-db.prod', name: 'products' },
        },
        order: { image: 'order-service:1.0.0', replicas: 3, database: { host: 'order-db.prod', name: 'orders' } },
      },
    },
    platform: {
      environment: 'production',
      domain: 'api.mycompany.com',
    },
  },
});
