/**
 * A deployment of ConfigMaps against bare keep-alive loops of `node:https` over the very same objects in the same process,
 * and against `kubectl apply --server-side` and `helm install`: apply (inventory, lock and record included), apply again, destroy;
 * what an unchanged deployment of five times as many costs per object, and its memory; Deployments until they are ready.
 * Every line at the end says its bar. The memory is that of the built library: `npm run build` first. Not with tsx, which
 * adds a name to every closure as it is made, and so measures itself.
 *
 *   npx node bench/deploy.ts <kubeconfig> [objects] [rounds] [deployments]
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type } from 'arktype';
import { connect } from '../src/cluster/connect.ts';
import { serverTls, staticCredentials } from '../src/cluster/credentials.ts';
import { contextNames, readContext } from '../src/cluster/kubeconfig.ts';
import { deploy } from '../src/deploy/deploy.ts';
import { destroy } from '../src/deploy/destroy.ts';
import type { DeployOptions } from '../src/deploy/options.ts';
import { toResourceGraph, type Graph } from '../src/graph/graph.ts';
import { simple } from '../src/k8s/index.ts';
import { resolveOffline } from '../src/resolve/offline.ts';
import type { Instance, ResolvedBody } from '../src/resolve/resolution.ts';
import { buildHelm, chartOf, helm } from '../test/e2e/tools.ts';
import { kubectl } from './kubectl.ts';
import { median } from './measure.ts';
import { measureReady } from './ready.ts';

const [kubeconfig = '', objects = '1000', rounds = '6', deployments = '300'] = process.argv.slice(2);
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
const instanceIn = (namespace: string) => ({ name: 'bench', namespace, spec: {} }) satisfies Instance;
/** What everybody applies, without a namespace. */
const manifests = resolveOffline(graph, instanceIn('any')).objects.map(({ object }) => {
  const { namespace: _namespace, ...metadata } = object.metadata;
  return { ...object, metadata };
});

interface Measured {
  readonly ms: number;
  /** Milliseconds of this process's CPU: steady on a busy machine too. */
  readonly cpu: number;
  readonly writes: number;
}

/**
 * A collection of the API server's garbage takes it a fifth of a second, and would hit one of those that are compared and
 * not the other: everybody begins after one.
 */
async function collectGarbage(): Promise<void> {
  await cluster.request({ path: '/debug/pprof/heap?gc=1' });
  await sleep(200);
}

async function measure(work: () => Promise<number>): Promise<Measured> {
  await collectGarbage();
  const startedAt = performance.now();
  const before = process.cpuUsage();
  const writes = await work();
  const { user, system } = process.cpuUsage(before);
  return { ms: performance.now() - startedAt, cpu: (user + system) / 1000, writes };
}

async function bare(method: 'PATCH' | 'DELETE', namespace: string): Promise<number> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let object = manifests[next++]; object; object = manifests[next++]) await send(method, namespace, object);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return count;
}

async function send(method: 'PATCH' | 'DELETE', namespace: string, object: ResolvedBody): Promise<void> {
  const { name } = object.metadata;
  const body = { ...object, metadata: { ...object.metadata, namespace } };
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

type Step = 'bare' | 'deploy' | 'again' | 'bareDelete' | 'destroy' | 'kubectl' | 'kubectlAgain' | 'helm';
type Round = Readonly<Record<Step, Measured>>;

const folder = mkdtempSync(join(tmpdir(), 'kubewright-bench-'));
const file = join(folder, 'objects.yaml');
const byKubectl = (namespace: string): Promise<Measured> =>
  measure(async () => {
    await kubectl(['apply', '--server-side', '-n', namespace, '-f', file], kubeconfig);
    return count;
  });
writeFileSync(file, manifests.map((object) => JSON.stringify(object)).join('\n---\n'));
await buildHelm();
const chart = chartOf(manifests);
const byHelm = (namespace: string): Promise<Measured> =>
  measure(async () => {
    await helm(4, kubeconfig, ['install', 'bench', chart, '-n', namespace]);
    return count;
  });

/** Namespaces for the time of some work. They are nobody's, so that their own slow end is not measured. */
async function within<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
  for (const name of names) await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const result = await work();
  for (const name of names) await cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name });
  // What the server still deletes would slow down whoever comes first in the next round.
  for (const name of names) while (await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name })) await sleep(500);
  return result;
}

/** Until this process runs as fast as it will: who comes first would pay for the compiling. */
async function warmUp(): Promise<void> {
  const namespace = `bench-warm-${process.pid.toString(36)}`;
  const options: DeployOptions = { cluster, mode: 'direct', instance: instanceIn(namespace) };
  for (let index = 0; index < 4; index += 1)
    await within([namespace], async () => {
      await deploy(graph, options);
      await deploy(graph, options);
      await destroy(graph, options);
      await bare('PATCH', namespace);
      await bare('DELETE', namespace);
    });
}

function round(index: number): Promise<Round> {
  const stamp = `${process.pid.toString(36)}-${index}`;
  const spaces = ['bare', 'deploy', 'kubectl', 'helm'].map((user) => `bench-${user}-${stamp}`);
  const [theirs, ours, kubectls, helms] = spaces as [string, string, string, string];
  const options: DeployOptions = { cluster, mode: 'direct', instance: instanceIn(ours) };
  const runBare = (): Promise<Measured> => measure(() => bare('PATCH', theirs));
  const runDeploy = (): Promise<Measured> => measure(async () => (await deploy(graph, options)).writes);
  return within(spaces, async () => {
    // Turns are swapped: the server slows down as it fills.
    const first = index % 2 === 0 ? await runDeploy() : await runBare();
    const second = index % 2 === 0 ? await runBare() : await runDeploy();
    const [reference, deployed] = index % 2 === 0 ? [second, first] : [first, second];
    return {
      bare: reference,
      deploy: deployed,
      again: await runDeploy(),
      kubectl: await byKubectl(kubectls),
      kubectlAgain: await byKubectl(kubectls),
      helm: await byHelm(helms),
      bareDelete: await measure(() => bare('DELETE', theirs)),
      destroy: await measure(async () => (await destroy(graph, options)).writes),
    };
  });
}

interface Scale {
  /** Time per object of an unchanged deployment of five times as many, over that of one. */
  readonly ms: number;
  readonly cpu: number;
  /** MB at most of a process that does nothing but the large one. */
  readonly memory: number;
}

/** An unchanged deployment of the same objects, and of five times as many: in pairs, so that slow moments hit both. */
async function scale(): Promise<Scale> {
  const stamp = process.pid.toString(36);
  const sizes = await Promise.all(
    [1, 5].map(async (times) => {
      const many = graphOf(Array.from({ length: count * times }, (_, index) => `c${index}`));
      const instance = instanceIn(`bench-${times}-${stamp}`);
      const options: DeployOptions = { cluster, mode: 'direct', instance };
      await deploy(many, options);
      const again = (): Promise<Measured> => measure(async () => (await deploy(many, options)).writes);
      await again();
      return { times, again, namespace: instance.namespace };
    }),
  );
  const costs = new Map<number, Measured[]>(sizes.map(({ times }) => [times, []]));
  for (let index = 0; index < 5; index += 1)
    for (const { times, again } of sizes) costs.get(times)?.push(await again());
  const [one, five] = sizes.map(({ times }) => ({
    ms: median((costs.get(times) ?? []).map(({ ms }) => ms)) / times,
    cpu: median((costs.get(times) ?? []).map(({ cpu }) => cpu)) / times,
  })) as [{ ms: number; cpu: number }, { ms: number; cpu: number }];
  const memory = memoryOf((sizes[1] as { namespace: string }).namespace);
  for (const { namespace } of sizes) await cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name: namespace });
  return { ms: five.ms / one.ms, cpu: five.cpu / one.cpu, memory };
}

/** This process holds more than a deployment: the bare loops, tsx, the rounds before. */
function memoryOf(namespace: string): number {
  const program = join(import.meta.dirname, 'one-deployment.mjs');
  const peaks = Array.from({ length: 3 }, () => {
    const args = [program, kubeconfig, contextName, namespace, String(count * 5)];
    const { writes, peak } = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Record<
      'writes' | 'peak',
      number
    >;
    if (writes > 0) throw new Error(`the deployment of which the memory is measured wrote ${writes} times`);
    return peak;
  });
  return median(peaks);
}

/** Milliseconds of a deployment's end after the last one was reported ready, over the time until then; and watches. */
async function ready(): Promise<{ readonly overhead: number; readonly seconds: number; readonly watches: string }> {
  const namespace = `bench-ready-${process.pid.toString(36)}`;
  await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const observer = await connect({ kind: 'context', name: contextName, kubeconfig });
  const { deployed, reported, watches } = await measureReady(
    { cluster, observer },
    { namespace, count: Number(deployments) },
  );
  observer.close();
  await cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name: namespace });
  return {
    overhead: deployed / reported - 1,
    seconds: deployed / 1000,
    watches: [...watches].map(([query, open]) => `${query}: ${open}`).join(', '),
  };
}

const shown = ({ ms, cpu, writes }: Measured): string =>
  `${ms.toFixed(0)} ms (CPU ${cpu.toFixed(0)} ms, ${writes} writes)`;
await warmUp();
const results: Round[] = [];
for (let index = 1; index <= Number(rounds); index += 1) {
  const result = await round(index);
  results.push(result);
  for (const [name, measured] of Object.entries(result)) console.log(`round ${index}, ${name}: ${shown(measured)}`);
}
const middle = (of: (result: Round) => number): number => median(results.map(of));
const writes = Math.max(...results.map(({ again }) => again.writes));
const large = await scale();
const waited = await ready();

/** One line per bar: what was measured, the bar, and whether it is met. */
function report(what: string, value: number, bar: readonly ['>=' | '<=' | '<', number], unit = ''): void {
  const [relation, limit] = bar;
  const isMet = relation === '>=' ? value >= limit : relation === '<=' ? value <= limit : value < limit;
  const digits = Math.abs(value) >= 20 ? 0 : 2;
  console.log(`${isMet ? 'ok  ' : 'MISS'} ${what}: ${value.toFixed(digits)}${unit} (bar ${relation} ${limit}${unit})`);
}

console.log(`\n${count} ConfigMaps, medians of ${rounds} rounds`);
report(
  'first apply, rate over the bare PATCH loop',
  middle((each) => each.bare.ms / each.deploy.ms),
  ['>=', 0.8],
);
console.log(
  `     CPU per object over the bare loop: ${middle((each) => each.deploy.cpu / each.bare.cpu).toFixed(2)} ×`,
);
report(
  'first apply, kubectl apply --server-side over it',
  middle((each) => each.kubectl.ms / each.deploy.ms),
  ['>=', 2],
  ' ×',
);
report(
  'first apply, helm install over it',
  middle((each) => each.helm.ms / each.deploy.ms),
  ['>=', 3.5],
  ' ×',
);
report('unchanged, writes', writes, ['<=', 0]);
report(
  'unchanged, time',
  middle((each) => each.again.ms),
  ['<', 1000],
  ' ms',
);
report(
  'unchanged, kubectl apply --server-side over it',
  middle((each) => each.kubectlAgain.ms / each.again.ms),
  ['>=', 5],
  ' ×',
);
report(
  'destroy, rate over the bare DELETE loop',
  middle((each) => each.bareDelete.ms / each.destroy.ms),
  ['>=', 0.8],
);
console.log(
  `     CPU per object over the bare loop: ${middle((each) => each.destroy.cpu / each.bareDelete.cpu).toFixed(2)} ×`,
);
report('five times as many unchanged, time per object', large.ms, ['<=', 1.2], ' ×');
console.log(`     CPU per object: ${large.cpu.toFixed(2)} ×`);
report('five times as many unchanged, peak memory', large.memory, ['<=', 200], ' MB');
report(`${deployments} Deployments, end after the last was ready`, waited.overhead * 100, ['<=', 5], ' %');
console.log(`     in ${waited.seconds.toFixed(1)} s; watches open at once: ${waited.watches}`);
for (const each of [folder, chart]) rmSync(each, { recursive: true, force: true });
cluster.close();
agent.destroy();
