import { type Server, createServer } from 'node:net';

/** `count` free ports of 127.0.0.1, the preferred ones where they are free: a copied kubeconfig then stays valid. */
export async function freePorts(count: number, preferred: readonly number[]): Promise<number[]> {
  const servers: Server[] = [];
  const ports: number[] = [];
  // All stay bound until all are chosen, else one could be given twice.
  for (let index = 0; index < count; index += 1) {
    const server = (await listen(preferred[index] ?? 0)) ?? (await listen(0));
    const address = server?.address();
    if (!server || typeof address !== 'object' || !address) throw new Error('no free port on 127.0.0.1');
    servers.push(server);
    ports.push(address.port);
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function listen(port: number): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1' }, () => resolve(server));
  });
}
