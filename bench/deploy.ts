/**
 * A deployment of ConfigMaps against bare `node:https` loops over the same objects in the same process, and against
 * `kubectl apply --server-side`: apply (inventory, lock and record included), apply again, destroy; and what an unchanged
 * deployment of five times as many costs per object.
 *
 *   npx tsx bench/deploy.ts <kubeconfig> [objects] [rounds]
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type } from 'arktype';
import { connect } from '../src/cluster/connect.ts';
import { serverTls, staticCredentials } from '../src/cluster/credentials.ts';
import { contextNames, readContext } from '../src/cluster/kubeconfig.ts';
import { deploy } from '../src/deploy/deploy.ts';
import { destroy } from '../src/deploy/destroy.ts';
import type { DeployOptions } from '../src/deploy/options.ts';
import { toResourceGraph, type Graph } from '../src/graph/graph.ts';
import { simple } from '../src/k8s/index.ts';
import { kubectl } from './kubectl.ts';
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
const graphOf = (all: readonly string[]): Graph =>
  toResourceGraph(
    { name: 'bench', apiVersion: 'bench.example.com/v1', kind: 'Bench', spec: type({}), status: type({}) },
    () => Object.fromEntries(all.map((name) => [name, simple.ConfigMap({ name, data })])),
  );
const graph = graphOf(names);

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

type Step = 'bare' | 'deploy' | 'again' | 'bareDelete' | 'destroy' | 'kubectl' | 'kubectlAgain';
type Round = Readonly<Record<Step, Measured>>;

const folder = mkdtempSync(join(tmpdir(), 'kubewright-bench-'));
const manifests = join(folder, 'objects.yaml');
const byKubectl = (namespace: string): Promise<Measured> =>
  measure(async () => {
    await kubectl(['apply', '--server-side', '-n', namespace, '-f', manifests], kubeconfig);
    return count;
  });
writeFileSync(
  manifests,
  names
    .map((name) => JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data }))
    .join('\n---\n'),
);

async function round(index: number): Promise<Round> {
  const stamp = `${process.pid.toString(36)}-${index}`;
  const spaces = [`bench-bare-${stamp}`, `bench-deploy-${stamp}`, `bench-kubectl-${stamp}`] as const;
  const [theirs, ours, kubectls] = spaces;
  // The namespaces are not ours, so that their own slow end is not measured.
  for (const name of spaces) await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const options: DeployOptions = { cluster, mode: 'direct', instance: { name: 'bench', namespace: ours, spec: {} } };
  const runBare = (): Promise<Measured> => measure(() => bare('PATCH', theirs));
  const runDeploy = (): Promise<Measured> => measure(async () => (await deploy(graph, options)).writes);
  // Turns are swapped: the server slows down as it fills.
  const first = index % 2 === 0 ? await runDeploy() : await runBare();
  const second = index % 2 === 0 ? await runBare() : await runDeploy();
  const again = await runDeploy();
  const kubectlFirst = await byKubectl(kubectls);
  const kubectlAgain = await byKubectl(kubectls);
  const bareDelete = await measure(() => bare('DELETE', theirs));
  const destroyed = await measure(async () => (await destroy(graph, options)).writes);
  for (const name of spaces) await cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name });
  const [reference, deployed] = index % 2 === 0 ? [second, first] : [first, second];
  return {
    bare: reference,
    deploy: deployed,
    again,
    kubectl: kubectlFirst,
    kubectlAgain,
    bareDelete,
    destroy: destroyed,
  };
}

/** An unchanged deployment of the same objects, and of five times as many: in pairs, so that slow moments hit both. */
async function scale(): Promise<void> {
  const stamp = process.pid.toString(36);
  const sizes = await Promise.all(
    [1, 5].map(async (times) => {
      const many = graphOf(Array.from({ length: count * times }, (_, index) => `c${index}`));
      const instance = { name: 'bench', namespace: `bench-${times}-${stamp}`, spec: {} };
      const options: DeployOptions = { cluster, mode: 'direct', instance };
      await deploy(many, options);
      const again = (): Promise<Measured> => measure(async () => (await deploy(many, options)).writes);
      await again();
      return {
        times,
        again,
        remove: () => cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name: instance.namespace }),
      };
    }),
  );
  const costs = new Map<number, Measured[]>(sizes.map(({ times }) => [times, []]));
  for (let index = 0; index < 5; index += 1)
    for (const { times, again } of sizes) costs.get(times)?.push(await again());
  const [one, five] = sizes.map(({ times }) => ({
    ms: median((costs.get(times) ?? []).map(({ ms }) => ms)) / times,
    cpu: median((costs.get(times) ?? []).map(({ cpu }) => cpu)) / times,
  })) as [{ ms: number; cpu: number }, { ms: number; cpu: number }];
  const peak = (process.resourceUsage().maxRSS / 1024).toFixed(0);
  console.log(
    `unchanged, five times as many: ${(five.ms / one.ms).toFixed(2)} × the time per object (CPU ${(five.cpu / one.cpu).toFixed(2)} ×), peak memory ${peak} MB`,
  );
  for (const { remove } of sizes) await remove();
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
  `deploy, kubectl apply --server-side over it: ${ratios((each) => each.kubectl.ms / each.deploy.ms)} ×; again: ${ratios((each) => each.kubectlAgain.ms / each.again.ms)} ×`,
);
console.log(
  `again, ms: ${ratios((each) => each.again.ms)}, writes: ${Math.max(...results.map(({ again }) => again.writes))}`,
);
console.log(`destroy, rate over bare loop: ${ratios((each) => each.bareDelete.ms / each.destroy.ms)}`);
await scale();
rmSync(folder, { recursive: true, force: true });
cluster.close();
agent.destroy();
