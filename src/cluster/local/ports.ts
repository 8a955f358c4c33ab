import { type Server, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** `count` free ports of 127.0.0.1, the preferred ones where they are free: a copied kubeconfig then stays valid. */
export async function freePorts(count: number, preferred: readonly number[]): Promise<number[]> {
  const servers: Server[] = [];
  const ports: number[] = [];
  // All stay bound until all are chosen, else one could be given twice.
  for (let index = 0; index < count; index += 1) {
    const server = (await listenSoon(preferred[index] ?? 0)) ?? (await listen(0));
    const address = server?.address();
    if (!server || typeof address !== 'object' || !address) throw new Error('no free port on 127.0.0.1');
    servers.push(server);
    ports.push(address.port);
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** A killed process counts as ended a moment before its last thread gives up its ports. */
async function listenSoon(port: number): Promise<Server | undefined> {
  for (let attempt = 1; attempt <= 15; attempt += 1) {
    const server = await listen(port);
    if (server) return server;
    await sleep(40);
  }
  return undefined;
}

async function listen(port: number): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1' }, () => resolve(server));
  });
}
