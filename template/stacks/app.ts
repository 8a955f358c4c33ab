import { type } from 'arktype';
import { Cel, run, simple, toResourceGraph } from 'kubewright';

export const app = toResourceGraph(
  {
    name: 'app',
    apiVersion: 'example.com/v1alpha1',
    kind: 'App',
    // What environments choose.
    spec: type({
      environment: '"development" | "production"',
      image: 'string',
      replicas: 'number.integer >= 0 = 1',
    }),
    // What a deployment tells.
    status: type({ ready: 'boolean', address: 'string' }),
  },
  (schema) => {
    const config = simple.ConfigMap({
      name: 'app-config',
      // A reference has no value yet, so that conditions are written with combinators.
      data: { LOG_LEVEL: schema.spec.environment.eq('production').choose('info', 'debug') },
    });
    return {
      config,
      web: simple.Deployment({
        name: 'app',
        image: schema.spec.image,
        replicas: schema.spec.replicas,
        ports: [{ containerPort: 80 }],
        envFrom: [{ configMapRef: { name: config.metadata.name } }],
      }),
      service: simple.Service({ name: 'app', selector: { app: 'app' }, ports: [{ port: 80 }] }),
    };
  },
  (_schema, { web, service }) => ({
    ready: web.status.readyReplicas.orElse(0).eq(web.spec.replicas),
    address: Cel.template`http://${service.metadata.name}`,
  }),
);

run(import.meta, app);
