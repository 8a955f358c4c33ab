/**
 * Definitions of kro: to check one of 100 resources, to write one of 1,000, to bring an instance of 100 resources to rest.
 * kro's own builder (`CEL_ORACLE` names a built oracle) checks the same definition in the same run. Times are processor time,
 * so that a busy machine does not count.
 *
 *     npx tsx bench/kro.ts
 */
import { toDefinition } from '../src/kro/definition.ts';
import { fromDefinition } from '../src/kro/import.ts';
import { validate } from '../src/kro/validate.ts';
import { builtInKinds } from '../src/schema/kubernetes-schema.ts';
import { simulate } from '../src/testing/simulate.ts';
import { Oracle, oracleBinary } from '../test/expr/oracle.ts';
import { median } from './measure.ts';

const head = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: many }
spec:
  schema:
    apiVersion: v1
    kind: Many
    spec: { image: string, replicas: integer | default=2, debug: boolean | default=false }
    status: { first: '\${r0.metadata.name}', ready: '\${r0.status.?readyReplicas.orValue(0)}' }
  resources:
`;

/** Deployments, Services and ConfigMaps in turn, each of which reads the one before it. */
function resource(index: number): string {
  const before = index > 0 ? `r${index - 1}` : 'schema';
  if (index % 3 === 1) {
    return `    - id: r${index}
      template:
        apiVersion: v1
        kind: Service
        metadata: { name: '\${${before}.metadata.name}' }
        spec: { selector: '\${${before}.spec.selector.matchLabels}', ports: [{ port: 80, targetPort: 80 }] }
`;
  }
  if (index % 3 === 2) {
    return `    - id: r${index}
      includeWhen: ['\${!schema.spec.debug}']
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: { name: '\${${before}.metadata.name}-config' }
        data: { image: '\${schema.spec.image}', url: 'http://\${${before}.metadata.name}:\${string(${before}.spec.ports[0].port)}/' }
`;
  }
  return `    - id: r${index}
      readyWhen: ['\${r${index}.status.?readyReplicas.orValue(0) >= r${index}.spec.replicas}']
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata: { name: '\${schema.metadata.name}-${index}' }
        spec:
          replicas: \${schema.spec.replicas + ${index}}
          selector: { matchLabels: { app: web-${index} } }
          template:
            metadata: { labels: { app: web-${index} } }
            spec: { containers: [{ name: web, image: '\${schema.spec.image}', env: [{ name: BEFORE, value: '\${${before}.metadata.name}' }] }] }
`;
}

const definition = (count: number): string =>
  head + Array.from({ length: count }, (_, index) => resource(index)).join('');

function processorTime(run: () => unknown): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function timeOf(run: () => unknown): number {
  for (let warm = 0; warm < 20; warm++) run();
  return median(Array.from({ length: 21 }, () => processorTime(run)));
}

function measure(name: string, limit: number, run: () => unknown): boolean {
  const time = timeOf(run);
  console.log(`${name.padEnd(40)} ${time.toFixed(1).padStart(7)} ms  (limit ${limit} ms)`);
  return time < limit;
}

/** kro's fastest build against our usual one. */
async function againstKro(): Promise<boolean> {
  const binary = oracleBinary();
  if (!binary) {
    console.log("kro's builder is not measured: Go is not installed.");
    return true;
  }
  const oracle = new Oracle(binary);
  await oracle.cluster(builtInKinds(), []);
  const { ok, err, buildNs = 0 } = await oracle.graph({ definition: hundred, bench: 10 });
  oracle.close();
  if (!ok) throw new Error(err);
  const theirs = buildNs / 1e6;
  const times = theirs / timeOf(() => validate([hundred]));
  console.log(
    `validate against kro's builder (${theirs.toFixed(1)} ms)`.padEnd(40),
    `${times.toFixed(1)} x  (limit 1 x)`,
  );
  return times >= 1;
}

const hundred = definition(100);
const [verdict] = validate([hundred]);
if (!verdict?.accepted) throw new Error(verdict?.errors[0]?.message);
const many = fromDefinition(definition(1000));
const { origin: _, ...bare } = many;
const small = fromDefinition(hundred);
const values = { image: 'nginx', replicas: 2, debug: false };

const met = [
  measure('validate, 100 resources', 30, () => validate([hundred])),
  measure('definition, 1,000 resources', 100, () => toDefinition(bare)),
  measure('simulate, 100 resources', 20, () => simulate(small, values, { name: 'many', namespace: 'many' })),
  await againstKro(),
];
process.exitCode = met.every(Boolean) ? 0 : 1;
