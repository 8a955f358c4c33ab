import { type } from 'arktype';
import { Cel, kind, run, simple, toResourceGraph } from 'kubewright';
import type { Gateway, HTTPRoute } from './gateway-api.ts';

const Service = type({
  image: 'string',
  replicas: 'number.integer >= 0',
  database: { host: 'string', name: 'string' },
});

const MicroservicesSpec = type({
  environment: '"development" | "staging" | "production"',
  version: 'string',
  gateway: {
    domain: 'string',
    replicas: 'number.integer >= 0',
    // How traffic comes in: an Ingress, the Gateway API, or the gateway's own load balancer.
    routing: '"ingress" | "gatewayApi" | "loadBalancer" = "ingress"',
  },
  services: { user: Service, product: Service, order: Service },
});

const ServiceStatus = type({ url: 'string', ready: 'boolean' });

const MicroservicesStatus = type({
  gatewayUrl: 'string',
  services: { user: ServiceStatus, product: ServiceStatus, order: ServiceStatus },
  health: '"healthy" | "degraded" | "unhealthy"',
});

const gateway = kind<Gateway>({ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway' });
const httpRoute = kind<HTTPRoute>({ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' });

const nginxConfig = `
events {
    worker_connections 1024;
}

http {
    upstream user-service {
        server user-service:3000;
    }

    upstream product-service {
        server product-service:3000;
    }

    upstream order-service {
        server order-service:3000;
    }

    server {
        listen 80;

        location /api/users/ {
            proxy_pass http://user-service/;
            proxy_set_header Host $host;
            proxy_set_header X-Real-IP $remote_addr;
        }

        location /api/products/ {
            proxy_pass http://product-service/;
            proxy_set_header Host $host;
            proxy_set_header X-Real-IP $remote_addr;
        }

        location /api/orders/ {
            proxy_pass http://order-service/;
            proxy_set_header Host $host;
            proxy_set_header X-Real-IP $remote_addr;
        }

        location /health {
            return 200 "OK";
            add_header Content-Type text/plain;
        }
    }
}
`;

export const microservicesApp = toResourceGraph(
  {
    name: 'microservices-app',
    apiVersion: 'example.com/v1alpha1',
    kind: 'MicroservicesApp',
    spec: MicroservicesSpec,
    status: MicroservicesStatus,
  },
  (schema) => {
    const { routing } = schema.spec.gateway;

    const appConfig = simple.ConfigMap({
      name: 'app-config',
      data: {
        ENVIRONMENT: schema.spec.environment,
        VERSION: schema.spec.version,
        LOG_LEVEL: schema.spec.environment.eq('production').choose('info', 'debug'),

        USER_SERVICE_URL: 'http://user-service:3000',
        PRODUCT_SERVICE_URL: 'http://product-service:3000',
        ORDER_SERVICE_URL: 'http://order-service:3000',
      },
    });

    const dbSecrets = simple.Secret({
      name: 'db-secrets',
      data: {
        USER_DB_PASSWORD: 'dXNlcl9wYXNzd29yZA==',
        PRODUCT_DB_PASSWORD: 'cHJvZHVjdF9wYXNzd29yZA==',
        ORDER_DB_PASSWORD: 'b3JkZXJfcGFzc3dvcmQ=',
      },
    });

    const gatewayConfig = simple.ConfigMap({ name: 'gateway-config', data: { 'nginx.conf': nginxConfig } });

    const backend = (id: 'user' | 'product' | 'order', passwordKey: string) => {
      const { image, replicas, database } = schema.spec.services[id];
      const name = `${id}-service`;
      return {
        deployment: simple.Deployment({
          name,
          image,
          replicas,
          labels: { component: 'backend' },
          ports: [{ containerPort: 3000 }],
          env: [
            { name: 'PORT', value: '3000' },
            { name: 'DB_HOST', value: database.host },
            { name: 'DB_NAME', value: database.name },
            { name: 'DB_PASSWORD', valueFrom: { secretKeyRef: { name: dbSecrets.metadata.name, key: passwordKey } } },
          ],
          envFrom: [{ configMapRef: { name: appConfig.metadata.name } }],
          livenessProbe: { httpGet: { path: '/health', port: 3000 } },
          readinessProbe: { httpGet: { path: '/ready', port: 3000 } },
        }),
        service: simple.Service({ name, selector: { app: name }, ports: [{ port: 3000, targetPort: 3000 }] }),
      };
    };

    return {
      appConfig,
      dbSecrets,

      user: backend('user', 'USER_DB_PASSWORD'),
      product: backend('product', 'PRODUCT_DB_PASSWORD'),
      order: backend('order', 'ORDER_DB_PASSWORD'),

      gatewayConfig,
      gatewayDeployment: simple.Deployment({
        name: 'api-gateway',
        image: 'nginx:alpine',
        replicas: schema.spec.gateway.replicas,
        ports: [{ containerPort: 80 }],
        configMaps: [{ name: 'gateway-config', mountPath: '/etc/nginx/nginx.conf', subPath: 'nginx.conf' }],
      }),
      gatewayService: simple.Service({
        name: 'api-gateway',
        selector: { app: 'api-gateway' },
        ports: [{ port: 80, targetPort: 80 }],
        type: routing.eq('gatewayApi').choose('ClusterIP', 'LoadBalancer'),
      }),

      ingress: simple.Ingress(
        {
          name: 'microservices-ingress',
          rules: [
            {
              host: schema.spec.gateway.domain,
              http: {
                paths: [
                  {
                    path: '/',
                    pathType: 'Prefix',
                    backend: { service: { name: 'api-gateway', port: { number: 80 } } },
                  },
                ],
              },
            },
          ],
        },
        { includeWhen: routing.eq('ingress') },
      ),

      gateway: gateway(
        {
          metadata: { name: 'microservices-gateway' },
          spec: {
            gatewayClassName: 'kubewright-local',
            listeners: [{ name: 'http', hostname: schema.spec.gateway.domain, port: 80, protocol: 'HTTP' }],
          },
        },
        { includeWhen: routing.eq('gatewayApi') },
      ),
      route: httpRoute(
        {
          metadata: { name: 'microservices-route' },
          spec: {
            parentRefs: [{ name: 'microservices-gateway' }],
            hostnames: [schema.spec.gateway.domain],
            rules: [{ backendRefs: [{ name: 'api-gateway', port: 80 }] }],
          },
        },
        { includeWhen: routing.eq('gatewayApi') },
      ),
    };
  },

  (schema, { user, product, order }) => {
    // Kubernetes leaves readyReplicas out while it is 0.
    const readyReplicas = (deployment: typeof user.deployment) => deployment.status.readyReplicas.orElse(0);
    const isReady = (deployment: typeof user.deployment) => readyReplicas(deployment).eq(deployment.spec.replicas);
    const ready = {
      user: isReady(user.deployment),
      product: isReady(product.deployment),
      order: isReady(order.deployment),
    };
    const anyRunning = readyReplicas(user.deployment)
      .gt(0)
      .or(readyReplicas(product.deployment).gt(0), readyReplicas(order.deployment).gt(0));

    return {
      gatewayUrl: Cel.template('https://%s', schema.spec.gateway.domain),
      services: {
        user: { url: 'http://user-service:3000', ready: ready.user },
        product: { url: 'http://product-service:3000', ready: ready.product },
        order: { url: 'http://order-service:3000', ready: ready.order },
      },
      health: ready.user.and(ready.product, ready.order).choose('healthy', anyRunning.choose('degraded', 'unhealthy')),
    };
  },
);

run(import.meta, microservicesApp);
