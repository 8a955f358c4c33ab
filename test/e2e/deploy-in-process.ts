/** A deployment in a process of its own that is killed at one of its writes: see deploy-killed.test.ts. */
import type { Cluster, KubernetesObject } from '../../src/cluster/cluster.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import { specOf, twenty, type Crash } from './crashing.ts';
import { connectTo, optionsFor } from './deploying.ts';

/** What the process is told, in the variable `KILL`. */
export interface Doom extends Pick<Crash, 'verb' | 'write' | 'when'> {
  readonly namespace: string;
  /** Arguments of the graph of twenty resources. */
  readonly graph: Readonly<Parameters<typeof twenty>>;
  readonly place: { readonly server: string; readonly token: string; readonly caFile: string };
}

const { write, when, graph, namespace, verb, place } = JSON.parse(process.env['KILL'] ?? '{}') as Doom;
const real = await connectTo(place);
let writes = 0;

function isWrite(name: string, input: readonly unknown[]): boolean {
  const options = (name === 'patch' ? input[2] : input[1]) as { readonly dryRun?: boolean } | undefined;
  const isReview = name === 'create' && (input[0] as KubernetesObject).kind.endsWith('Review');
  return !options?.dryRun && !isReview;
}

const cluster = Object.create(null) as Cluster;
for (const name of ['discover', 'resources', 'get', 'list', 'watch', 'logs', 'version', 'request'] as const)
  Object.assign(cluster, { [name]: (...input: never[]) => (real[name] as (...input: never[]) => unknown)(...input) });
for (const name of ['apply', 'create', 'update', 'patch', 'delete'] as const) {
  Object.assign(cluster, {
    [name]: async (...input: never[]) => {
      if (isWrite(name, input)) writes += 1;
      const isLast = writes === write && isWrite(name, input);
      if (isLast && when === 'before') process.kill(process.pid, 'SIGKILL');
      const answer = await (real[name] as (...input: never[]) => Promise<unknown>)(...input);
      if (isLast) process.kill(process.pid, 'SIGKILL');
      return answer;
    },
  });
}
Object.assign(cluster, { name: real.name, server: real.server, namespace: real.namespace });
await (verb === 'destroy' ? destroy : deploy)(
  twenty(...graph),
  optionsFor({ cluster, namespace, spec: specOf(namespace) }),
);
real.close();
