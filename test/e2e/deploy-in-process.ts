/** A deployment in a process of its own, killed before one of its writes: see deploy-killed.test.ts. */
import type { Cluster } from '../../src/cluster/cluster.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import { configMaps, connectTo, graphOf, optionsFor } from './deploying.ts';

const { write, names, namespace, verb, place } = JSON.parse(process.env['KILL'] ?? '{}');
const real = await connectTo(place);
let writes = 0;
const methods = ['apply', 'create', 'update', 'patch', 'delete'] as const;
const cluster = Object.create(null) as Cluster;
for (const name of ['discover', 'resources', 'get', 'list', 'watch', 'logs', 'version', 'request'] as const)
  Object.assign(cluster, { [name]: (...input: never[]) => (real[name] as (...input: never[]) => unknown)(...input) });
for (const name of methods) {
  Object.assign(cluster, {
    [name]: (...input: never[]) => {
      const options = (name === 'patch' ? input[2] : input[1]) as { dryRun?: boolean } | undefined;
      if (!options?.dryRun) writes += 1;
      if (writes === write) process.kill(process.pid, 'SIGKILL');
      return (real[name] as (...input: never[]) => unknown)(...input);
    },
  });
}
Object.assign(cluster, { name: real.name, server: real.server, namespace: real.namespace });
await (verb === 'destroy' ? destroy : deploy)(graphOf('killed', configMaps(names)), optionsFor({ cluster, namespace }));
real.close();
