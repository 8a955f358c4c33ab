/**
 * Server-side applies per second through the cluster port, against a bare `node:https` loop in the same process.
 *
 *   npx node bench/cluster.ts <kubeconfig> [objects] [width] [rounds]
 */
import { once } from 'node:events';
import https from 'node:https';
import type { Cluster, KubernetesObject } from '../src/cluster/cluster.ts';
import { connect } from '../src/cluster/connect.ts';
import { contextNames, readContext } from '../src/cluster/kubeconfig.ts';
import { serverTls, staticCredentials } from '../src/cluster/credentials.ts';

const [kubeconfig = '', objects = '1000', width = '32', rounds = '3'] = process.argv.slice(2);
const namespace = 'bench-cluster';
const [contextName = ''] = contextNames(kubeconfig);
const entry = readContext(contextName, kubeconfig);
const { headers } = await staticCredentials(entry)();
const agent = new https.Agent({ keepAlive: true, ...serverTls(entry.cluster) });
const cluster = await connect({ kind: 'context', name: contextName, kubeconfig });

function configMap(name: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace },
    data: { key: 'value', text: 'x'.repeat(200) },
  };
}

async function bareApply(object: KubernetesObject): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/configmaps/${object.metadata.name}?fieldManager=bench&fieldValidation=Strict`;
  const request = https.request(entry.cluster.server + path, {
    method: 'PATCH',
    agent,
    headers: { ...headers, 'content-type': 'application/apply-patch+yaml' },
  });
  request.end(JSON.stringify(object));
  const [response] = await once(request, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  JSON.parse(text);
  if (response.statusCode >= 300) throw new Error(text);
}

async function portApply(port: Cluster, object: KubernetesObject): Promise<void> {
  await port.apply(object, { fieldManager: 'bench' });
}

interface Measured {
  readonly perSecond: number;
  /** Milliseconds of this process's CPU per apply: steady on a busy machine too. */
  readonly cpu: number;
}

async function measure(prefix: string, apply: (object: KubernetesObject) => Promise<void>): Promise<Measured> {
  let next = 0;
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  const worker = async (): Promise<void> => {
    while (next < Number(objects)) await apply(configMap(`${prefix}-${next++}`));
  };
  await Promise.all(Array.from({ length: Number(width) }, worker));
  const { user, system } = process.cpuUsage(cpuBefore);
  const seconds = (performance.now() - startedAt) / 1000;
  return { perSecond: Number(objects) / seconds, cpu: (user + system) / 1000 / Number(objects) };
}

const measureBare = (prefix: string): Promise<Measured> => measure(`bare-${prefix}`, bareApply);
const measurePort = (prefix: string): Promise<Measured> =>
  measure(`port-${prefix}`, (object) => portApply(cluster, object));

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, { fieldManager: 'bench' });
await measureBare('warm');
await measurePort('warm');
const results: { readonly bare: Measured; readonly port: Measured }[] = [];
for (let round = 1; round <= Number(rounds); round += 1) {
  // Turns are swapped: the server slows down as it fills.
  const first = round % 2 === 0 ? await measurePort(`${round}`) : await measureBare(`${round}`);
  const second = round % 2 === 0 ? await measureBare(`${round}`) : await measurePort(`${round}`);
  const [bare, port] = round % 2 === 0 ? [second, first] : [first, second];
  results.push({ bare, port });
  const rates = `bare ${bare.perSecond.toFixed(0)}/s, port ${port.perSecond.toFixed(0)}/s, ratio ${(port.perSecond / bare.perSecond).toFixed(2)}`;
  console.log(`round ${round}: ${rates}; CPU bare ${bare.cpu.toFixed(2)} ms, port ${port.cpu.toFixed(2)} ms`);
}
console.log(
  `median ratio of rates ${median(results.map(({ bare, port }) => port.perSecond / bare.perSecond)).toFixed(2)}`,
);
console.log(`median ratio of CPU ${median(results.map(({ bare, port }) => port.cpu / bare.cpu)).toFixed(2)}`);
await cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name: namespace });
cluster.close();
agent.destroy();
