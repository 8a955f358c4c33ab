/**
 * A deployment of ConfigMaps against bare `node:https` loops over the same objects, in the same process and run:
 * apply (inventory, lock and record included), apply again, destroy.
 *
 *   npx tsx bench/deploy.ts <kubeconfig> [objects] [rounds]
 */
import { once } from 'node:events';
import https from 'node:https';
import { type } from 'arktype';
import { connect } from '../src/cluster/connect.ts';
import { serverTls, staticCredentials } from '../src/cluster/credentials.ts';
import { contextNames, readContext } from '../src/cluster/kubeconfig.ts';
import { deploy } from '../src/deploy/deploy.ts';
import { destroy } from '../src/deploy/destroy.ts';
import type { DeployOptions } from '../src/deploy/options.ts';
import { toResourceGraph, type Graph } from '../src/graph/graph.ts';
import { simple } from '../src/k8s/index.ts';
import { median } from './measure.ts';

const [kubeconfig = '', objects = '1000', rounds = '3'] = process.argv.slice(2);
const count = Number(objects);
const width = 32;
const [contextName = ''] = contextNames(kubeconfig);
const entry = readContext(contextName, kubeconfig);
const { headers } = await staticCredentials(entry)();
const agent = new https.Agent({ keepAlive: true, ...serverTls(entry.cluster) });
const cluster = await connect({ kind: 'context', name: contextName, kubeconfig });

const data = { key: 'value', text: 'x'.repeat(200) };
const names = Array.from({ length: count }, (_, index) => `c${index}`);
const graph = toResourceGraph(
  { name: 'bench', apiVersion: 'bench.example.com/v1', kind: 'Bench', spec: type({}), status: type({}) },
  () => Object.fromEntries(names.map((name) => [name, simple.ConfigMap({ name, data })])),
) as unknown as Graph;

interface Measured {
  readonly ms: number;
  /** Milliseconds of this process's CPU: steady on a busy machine too. */
  readonly cpu: number;
  readonly writes: number;
}

async function measure(work: () => Promise<number>): Promise<Measured> {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  const writes = await work();
  const { user, system } = process.cpuUsage(before);
  return { ms: performance.now() - startedAt, cpu: (user + system) / 1000, writes };
}

async function bare(method: 'PATCH' | 'DELETE', namespace: string): Promise<number> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await send(method, namespace, `c${next++}`);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return count;
}

async function send(method: 'PATCH' | 'DELETE', namespace: string, name: string): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
  const query = method === 'PATCH' ? '?fieldManager=bench&fieldValidation=Strict' : '';
  const path = `/api/v1/namespaces/${namespace}/configmaps/${name}${query}`;
  const patch = method === 'PATCH' ? { 'content-type': 'application/apply-patch+yaml' } : {};
  const request = https.request(entry.cluster.server + path, { method, agent, headers: { ...headers, ...patch } });
  request.end(method === 'PATCH' ? JSON.stringify(body) : undefined);
  const [response] = await once(request, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  JSON.parse(text);
  if (response.statusCode >= 300) throw new Error(text);
}

type Round = Readonly<Record<'bare' | 'deploy' | 'again' | 'bareDelete' | 'destroy', Measured>>;

async function round(index: number): Promise<Round> {
  const stamp = `${process.pid.toString(36)}-${index}`;
  const [theirs, ours] = [`bench-bare-${stamp}`, `bench-deploy-${stamp}`];
  // The namespaces are not ours, so that their own slow end is not measured.
  for (const name of [theirs, ours]) await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const options: DeployOptions = { cluster, mode: 'direct', instance: { name: 'bench', namespace: ours, spec: {} } };
  const runBare = (): Promise<Measured> => measure(() => bare('PATCH', theirs));
  const runDeploy = (): Promise<Measured> => measure(async () => (await deploy(graph, options)).writes);
  // Turns are swapped: the server slows down as it fills.
  const first = index % 2 === 0 ? await runDeploy() : await runBare();
  const second = index % 2 === 0 ? await runBare() : await runDeploy();
  const again = await runDeploy();
  const bareDelete = await measure(() => bare('DELETE', theirs));
  const destroyed = await measure(async () => (await destroy(graph, options)).writes);
  for (const name of [theirs, ours]) await cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name });
  const [reference, deployed] = index % 2 === 0 ? [second, first] : [first, second];
  return { bare: reference, deploy: deployed, again, bareDelete, destroy: destroyed };
}

const shown = ({ ms, cpu, writes }: Measured): string =>
  `${ms.toFixed(0)} ms (CPU ${cpu.toFixed(0)} ms, ${writes} writes)`;
await round(0);
const results: Round[] = [];
for (let index = 1; index <= Number(rounds); index += 1) {
  const result = await round(index);
  results.push(result);
  for (const [name, measured] of Object.entries(result)) console.log(`round ${index}, ${name}: ${shown(measured)}`);
}
const ratios = (of: (result: Round) => number): string => median(results.map(of)).toFixed(2);
console.log(
  `deploy, rate over bare loop: ${ratios((each) => each.bare.ms / each.deploy.ms)} (CPU per object ${ratios((each) => each.deploy.cpu / each.bare.cpu)} ×)`,
);
console.log(
  `again, ms: ${ratios((each) => each.again.ms)}, writes: ${Math.max(...results.map(({ again }) => again.writes))}`,
);
console.log(`destroy, rate over bare loop: ${ratios((each) => each.bareDelete.ms / each.destroy.ms)}`);
cluster.close();
agent.destroy();
