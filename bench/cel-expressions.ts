/** Variables of the expressions by name. */
export const variables = { schema: 'dyn', deploy: 'dyn', pods: 'list(dyn)', svc: 'dyn' } as const;

export const bindings = {
  schema: {
    spec: {
      name: 'my-app',
      replicas: 3,
      image: 'nginx:1.25',
      env: 'production',
      ports: [80, 443],
      tags: ['a', 'b', 'c'],
      ratio: 0.75,
      ingress: { enabled: true, host: 'example.com' },
    },
    metadata: { name: 'inst', namespace: 'prod' },
  },
  deploy: {
    metadata: {
      name: 'web',
      labels: { app: 'web', 'app.kubernetes.io/name': 'web' },
      creationTimestamp: '2024-05-01T10:00:00Z',
    },
    spec: {
      replicas: 3,
      template: {
        spec: {
          containers: [
            { name: 'web', image: 'ghcr.io/acme/web:1.2.3' },
            { name: 'sidecar', image: 'envoy:v1' },
          ],
        },
      },
    },
    status: {
      readyReplicas: 3,
      replicas: 3,
      availableReplicas: 2,
      observedGeneration: 3,
      conditions: [
        { type: 'Available', status: 'True' },
        { type: 'Progressing', status: 'False' },
      ],
    },
  },
  pods: Array.from({ length: 20 }, (_, index) => ({
    metadata: { name: `p${index}` },
    status: { phase: index % 5 === 0 ? 'Pending' : 'Running', podIP: `10.0.0.${index}`, restartCount: index % 3 },
  })),
  svc: {
    spec: { clusterIP: '10.96.0.10', ports: [{ port: 80 }, { port: 443 }] },
    status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } },
  },
};

/** What resource graphs really hold. */
export const expressions: readonly string[] = [
  'deploy.status.readyReplicas == deploy.spec.replicas',
  'schema.spec.env == "production" ? "info" : "debug"',
  '"https://" + schema.spec.ingress.host + "/" + schema.spec.name',
  'schema.spec.replicas * 2 + 1',
  'deploy.spec.template.spec.containers[0].image',
  'deploy.metadata.labels["app.kubernetes.io/name"]',
  'has(deploy.status.readyReplicas) && deploy.status.readyReplicas > 0',
  'has(deploy.status.nope) ? deploy.status.nope : 0',
  'deploy.status.conditions.exists(c, c.type == "Available" && c.status == "True")',
  'deploy.status.conditions.all(c, c.status == "True")',
  'pods.filter(p, p.status.phase == "Running").size()',
  'pods.map(p, p.metadata.name)',
  'pods.all(p, p.status.restartCount < 5)',
  'size(pods) >= 3 && size(schema.spec.ports) == 2',
  'schema.spec.name.startsWith("my") || schema.spec.name.endsWith("x")',
  'schema.spec.image.matches("^[a-z]+:[0-9.]+$")',
  '"a" in schema.spec.tags',
  '[1, 2, 3, 4].map(x, x * x)',
  '{"app": schema.spec.name, "tier": "web"}',
  'string(schema.spec.replicas) + "-" + schema.spec.name',
  'schema.spec.ratio * 2.0 > 1.0',
  'int(schema.spec.ratio * 100.0) % 7',
  'timestamp(deploy.metadata.creationTimestamp) < timestamp("2030-01-01T00:00:00Z")',
  'svc.status.loadBalancer.ingress[0].ip',
  '!(schema.spec.env == "production" && schema.spec.replicas < 2)',
  'deploy.status.?readyReplicas.orValue(0) > 0',
  'pods.map(p, p.status.podIP).join(",")',
  'schema.spec.image.split(":")[1]',
  'schema.spec.name.upperAscii()',
  'pods.exists_one(p, p.metadata.name == "p7")',
];
