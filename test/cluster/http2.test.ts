import { execFile } from 'node:child_process';
import { once } from 'node:events';
import http2 from 'node:http2';
import type { ServerHttp2Stream, ServerHttp2Session } from 'node:http2';
import net from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, expect, test, vi } from 'vitest';
import type { Cluster } from '../../src/cluster/cluster.ts';
import { connect } from '../../src/cluster/connect.ts';
import { makeCertificate } from './certificate.ts';
import { answer, closing, configMap, connectTo, eventually, knownKinds, startServer } from './server.ts';

const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'web', namespace: 'shop' };
const { NGHTTP2_REFUSED_STREAM } = http2.constants;

afterEach(() => {
  vi.useRealTimers();
});

function getAll(cluster: Cluster, count: number): Promise<unknown> {
  return Promise.all(Array.from({ length: count }, (_, index) => cluster.get({ ...ref, name: `c${index}` })));
}

test.each([
  ['h2', 1],
  ['http/1.1', 20],
] as const)('over %s, requests at the same time take %i connections', async (protocol, expected) => {
  const server = await startServer((_, response) => {
    if (server.received.length >= 20) answer(response, 200, configMap('web'));
    else
      void eventually(() => expect(server.received).toHaveLength(20)).then(() =>
        answer(response, 200, configMap('web')),
      );
  }, protocol);
  await getAll(await connectTo(server), 20);
  expect(new Set(server.received.map(({ socket }) => socket)).size).toBe(expected);
});

test('more requests than the server takes at once wait for their turn', async () => {
  const served = await serve((stream) => setTimeout(() => respond(stream), 5), { maxConcurrentStreams: 5 });
  await getAll(served.cluster, 60);
  expect(served.paths).toHaveLength(60);
  expect(served.most).toBeLessThanOrEqual(5);
});

test('answers that are larger than the windows of HTTP/2 arrive whole', async () => {
  const text = 'x'.repeat(6 * 2 ** 20);
  const server = await startServer((_, response) => answer(response, 200, configMap('web', '1', { text })));
  const cluster = await connectTo(server);
  const found = await Promise.all(Array.from({ length: 12 }, () => cluster.get(ref)));
  const lengths = found.map((object) => (object as unknown as { data: { text: string } }).data.text.length);
  expect(lengths).toEqual(Array(12).fill(text.length));
});

test('what the server refuses without having looked at it is sent again, creations too', async () => {
  const served = await serve((stream) => {
    if (served.paths.length === 1) stream.close(NGHTTP2_REFUSED_STREAM);
    else respond(stream);
  });
  await served.cluster.create(configMap('web'));
  expect(served.paths).toHaveLength(2);
});

test('a server that says goodbye finishes what it has; the rest goes over a new connection', async () => {
  const served = await serve((stream, session) => {
    if (served.paths.length === 1) session.goaway();
    setTimeout(() => respond(stream), 20);
  });
  await getAll(served.cluster, 1);
  await getAll(served.cluster, 3);
  expect(served.paths).toHaveLength(4);
  expect(served.sessions).toBe(2);
});

test('after a time limit the next request takes a new connection: the old one may be dead', async () => {
  const server = await startServer((_, response) => answer(response, 200, configMap('web')));
  const relay = await startRelay(server.url);
  const cluster = await connectVia(relay.url, server.authority.cert);
  await cluster.get(ref);
  relay.freeze();
  await expect(cluster.get(ref, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'Timeout' });
  await expect(cluster.get(ref)).resolves.toBeDefined();
});

test('a connection that answers no ping ends what waits on it', async () => {
  const server = await startServer((_, response) => answer(response, 200, configMap('web')));
  const relay = await startRelay(server.url);
  const cluster = await connectVia(relay.url, server.authority.cert);
  await cluster.get(ref);
  relay.freeze();
  // What was under way before counts real time.
  await sleep(50);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  const waiting = cluster.get(ref);
  const refused = expect(waiting).rejects.toMatchObject({
    code: 'Timeout',
    message: expect.stringContaining('no ping'),
  });
  await vi.advanceTimersByTimeAsync(31_000);
  await refused;
  vi.useRealTimers();
  await expect(cluster.get(ref)).resolves.toBeDefined();
});

test('a slow answer outlives pings', async () => {
  let later: (() => void) | undefined;
  const server = await startServer((_, response) => {
    later = () => answer(response, 200, configMap('web'));
  });
  const cluster = await connectTo(server);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  const waiting = cluster.get(ref);
  for (let second = 0; second < 50; second += 1) {
    await vi.advanceTimersByTimeAsync(1_000);
    // Pongs are real, and take a moment of real time.
    await new Promise((resolve) => setImmediate(resolve));
  }
  later?.();
  await expect(waiting).resolves.toBeDefined();
});

test('close ends what waits for a connection, and opens none', async () => {
  const accepted = new Set<Socket>();
  const silent = net.createServer((socket) => {
    accepted.add(socket.on('error', () => undefined).on('close', () => accepted.delete(socket)));
    socket.resume();
  });
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  silent.unref();
  const cluster = await connectVia(`https://127.0.0.1:${(silent.address() as AddressInfo).port}`, '');
  const waiting = [1, 2].map(() => expect(cluster.get(ref)).rejects.toMatchObject({ code: 'Closed' }));
  await eventually(() => expect(accepted.size).toBe(1));
  cluster.close();
  await Promise.all(waiting);
  await eventually(() => expect(accepted.size).toBe(0));
  await expect(cluster.get(ref)).rejects.toMatchObject({ code: 'Closed' });
});

test('an open connection does not keep the process alive', async () => {
  const server = await startServer((_, response) =>
    answer(response, 200, { major: '1', minor: '36', gitVersion: 'v1' }),
  );
  const source = { kind: 'server', server: server.url, token: 't', ca: server.authority.cert };
  const program = `
    const { connect } = await import(${JSON.stringify(new URL('../../src/cluster/connect.ts', import.meta.url).href)});
    const cluster = await connect(${JSON.stringify(source)});
    console.log((await cluster.version()).gitVersion);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    timeout: 20_000,
  });
  expect(stdout.trim()).toBe('v1');
});

function respond(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200, 'content-type': 'application/json' });
  stream.end(JSON.stringify(configMap('web')));
}

interface Served {
  readonly cluster: Cluster;
  readonly paths: string[];
  /** How many requests were under way at most. */
  most: number;
  sessions: number;
}

/** A server of frames, where answers are not enough. */
async function serve(
  onStream: (stream: ServerHttp2Stream, session: ServerHttp2Session) => void,
  settings: http2.Settings = {},
): Promise<Served> {
  const authority = makeCertificate('test authority');
  const { cert, key } = makeCertificate('localhost', authority);
  const server = http2.createSecureServer({ cert, key, settings });
  const paths: string[] = [];
  let open = 0;
  server.on('session', () => (served.sessions += 1));
  server.on('stream', (stream, headers) => {
    paths.push(headers[':path'] ?? '');
    served.most = Math.max(served.most, (open += 1));
    stream.on('error', () => undefined).once('close', () => (open -= 1));
    onStream(stream, stream.session as ServerHttp2Session);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cluster = await connectVia(`https://127.0.0.1:${(server.address() as AddressInfo).port}`, authority.cert);
  const served: Served = { cluster, paths, most: 0, sessions: 0 };
  server.unref();
  return served;
}

async function connectVia(server: string, ca: string): Promise<Cluster> {
  return closing(await connect({ kind: 'server', server, token: 't', ca }, { knownKinds }));
}

/** A TCP relay whose open connections can be frozen: bytes vanish, nothing is closed. */
async function startRelay(target: string): Promise<{ url: string; freeze: () => void }> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  const server = net.createServer((socket) => {
    const onward = net.connect(Number(port), hostname);
    for (const end of [socket, onward]) {
      open.add(end);
      end.on('error', () => undefined).unref();
    }
    socket.pipe(onward).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    freeze: () => {
      for (const end of open) end.unpipe().pause();
      open.clear();
    },
  };
}
