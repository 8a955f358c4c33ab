// Every marked line is refused by tsc with the codes given: a reference is not its value.
import { type } from 'arktype';
import { Cel, simple, toResourceGraph } from 'kubewright';

const Spec = type({ environment: '"development" | "production"', replicas: 'number.integer', size: 'string', hosts: 'string[]', labels: { '[string]': 'string' } });
const Status = type({ ready: 'boolean' });

export const graph = toResourceGraph(
  { name: 'a', apiVersion: 'example.com/v1', kind: 'A', spec: Spec, status: Status },
  (schema) => {
    const { environment, replicas, size, hosts } = schema.spec;
    const a = environment === 'production' ? 1 : 2; // TS2367
    const b = environment ? 1 : 2; // TS2774
    const c = replicas > 3; // TS2365
    const d = replicas + 3; // TS2365
    const e = environment.eq('prodution'); // TS2345
    if (replicas) console.log(1); // TS2774
    switch (environment) {
      case 'production': // TS2678
        break;
    }
    const f = size.toUpperCase(); // TS2339
    const g = Math.max(replicas, 3); // TS2345
    const h = { x: 1 }[size]; // TS2538
    const i = [...hosts]; // TS2488
    for (const host of hosts) console.log(host); // TS2488
    const j = replicas ** 2; // TS2362
    const k = schema.spec.replicaz; // TS2551
    const l = schema.spec.labels.size(); // TS18048 TS2554 TS2722 TS4111
    return {
      user: simple.Deployment({ name: 'u', image: size, replicas: environment }), // TS2322
      config: simple.ConfigMap({ name: 'c', data: { x: Cel.template`${hosts}` } }), // TS2769
      other: { a, b, c, d, e, f, g, h, i, j, k, l } as never,
    };
  },
  (_schema, { user }) => ({ ready: user.status.readyReplica }), // TS2551
);
