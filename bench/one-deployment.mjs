/**
 * One deployment of ConfigMaps by the built library, in a process that does nothing else; says what it took:
 * `{ writes, ms, peak }`, the peak in MB. bench/deploy.ts starts it for the memory of an unchanged deployment.
 *
 *   node bench/one-deployment.mjs <kubeconfig> <context> <namespace> <objects>
 */
import { type } from 'arktype';
import { context, factory, simple, toResourceGraph } from 'kubewright';

const [kubeconfig, contextName, namespace, objects] = process.argv.slice(2);
const data = { key: 'value', text: 'x'.repeat(200) };
const names = Array.from({ length: Number(objects) }, (_, index) => `c${index}`);
const graph = toResourceGraph(
  { name: 'bench', apiVersion: 'bench.example.com/v1', kind: 'Bench', spec: type({}), status: type({}) },
  () => Object.fromEntries(names.map((name) => [name, simple.ConfigMap({ name, data })])),
);
const cluster = context(contextName, { kubeconfig });
const { writes, duration } = await factory('direct', { cluster, namespace }).deploy(graph, {});
console.log(JSON.stringify({ writes, ms: duration, peak: process.resourceUsage().maxRSS / 1024 }));
