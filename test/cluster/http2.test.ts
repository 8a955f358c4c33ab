import { execFile } from 'node:child_process';
import { once } from 'node:events';
import http2 from 'node:http2';
import type { ServerHttp2Stream, ServerHttp2Session } from 'node:http2';
import net from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ApiCluster } from '../../src/cluster/api-cluster.ts';
import type { Cluster } from '../../src/cluster/cluster.ts';
import { connect } from '../../src/cluster/connect.ts';
import type { CredentialSource } from '../../src/cluster/credentials.ts';
import { KubewrightError } from '../../src/errors.ts';
import { makeCertificate } from './certificate.ts';
import { answer, closing, configMap, connectTo, eventually, knownKinds, startServer } from './server.ts';
import type { Protocol } from './server.ts';

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

describe.each<Protocol>(['h2', 'http/1.1'])('a refusal over %s while other credentials are looked for', (protocol) => {
  const cases: [string, object, (ending: Ending) => void][] = [
    ['and there are none', { code: 'Unauthorized' }, () => undefined],
    ['and its body is empty', { code: 'Unauthorized' }, () => undefined],
    [
      'and the connection breaks',
      { code: expect.stringMatching(/Unreachable|Unauthorized/) },
      ({ socket }) => socket.destroy(),
    ],
    ['and the caller has enough', { message: 'enough' }, ({ abort }) => abort()],
    [
      'and the connection is closed',
      { code: expect.stringMatching(/Closed|Unauthorized/) },
      ({ cluster }) => cluster.close(),
    ],
  ];
  test.each(cases)('%s, is the answer', async (name, expected, end) => {
    const server = await startServer((_, response) => {
      response.writeHead(401).write(name.includes('empty') ? '' : '{"kind":');
      if (name.includes('none') || name.includes('empty')) response.end(name.includes('empty') ? '' : '"Status"}');
    }, protocol);
    const aborting = new AbortController();
    const credentials = { headers: { authorization: 'Bearer t' }, tls: { ca: server.authority.cert } };
    const cluster = clusterOf(server.url, async (refused) => {
      if (!refused) return credentials;
      await sleep(30);
      end({ socket: server.received[0]!.socket, abort: () => aborting.abort(new Error('enough')), cluster });
      await sleep(30);
      return credentials;
    });
    await expect(cluster.get(ref, { signal: aborting.signal, timeoutMs: 5_000 })).rejects.toMatchObject(expected);
  });

  test('is followed by the reason why there are none', async () => {
    const server = await startServer((_, response) => void response.writeHead(401).write('{'), protocol);
    const reason = new KubewrightError({ code: 'ExecPluginFailed', message: 'log in again' });
    const cluster = clusterOf(server.url, async (refused) => {
      if (refused) throw reason;
      return { headers: {}, tls: { ca: server.authority.cert } };
    });
    await expect(cluster.get(ref)).rejects.toBe(reason);
  });
});

describe('a text of which a part is missing is no answer', () => {
  const torn: [string, (stream: ServerHttp2Stream, relay: Relay) => void][] = [
    ['a reset', (_, relay) => relay.end('reset')],
    ['the end of the connection', (_, relay) => relay.end('close')],
    [
      'a goodbye and a reset, as when servers are replaced',
      (stream, relay) => {
        stream.session?.goaway();
        setTimeout(() => relay.end('reset'), 50);
      },
    ],
    [
      'a goodbye and the end of the connection',
      (stream, relay) => {
        stream.session?.goaway();
        setTimeout(() => relay.end('close'), 50);
      },
    ],
    ['less than was announced', (stream) => void stream.end()],
  ];
  test.each(torn)('%s', async (name, tear) => {
    const served = await serve((stream) => {
      stream.respond({ ':status': 200, ...(name.startsWith('less') && { 'content-length': 100 }) });
      stream.write('line 1\nhal');
      setTimeout(() => tear(stream, relay), 30);
    });
    const relay = await startRelay(served.url);
    const cluster = await connectVia(relay.url, served.ca);
    const logs = cluster.request({ path: '/api/v1/namespaces/shop/pods/web/log' });
    await expect(logs).rejects.toMatchObject({ code: 'Unreachable' });
  });

  test('less than was announced, and a reset that says that all is well', async () => {
    const authority = makeCertificate('test authority');
    const { cert, key } = makeCertificate('localhost', authority);
    const head = Buffer.from([0x88, 0x0f, 0x0d, 3, ...Buffer.from('100')]);
    // No server of Node would send it: SETTINGS, HEADERS (200, content-length 100), DATA, RST_STREAM with NO_ERROR.
    const frames = [
      frame(4, 0),
      frame(1, 1, head),
      frame(0, 1, Buffer.from('line 1\nhal')),
      frame(3, 1, Buffer.alloc(4)),
    ];
    const server = tls.createServer({ cert, key, ALPNProtocols: ['h2'] }, (socket) => {
      socket.on('error', () => undefined).once('data', () => socket.write(Buffer.concat(frames)));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    server.unref();
    const cluster = await connectVia(`https://127.0.0.1:${(server.address() as AddressInfo).port}`, authority.cert);
    await expect(cluster.request({ path: '/log' })).rejects.toMatchObject({ code: 'Unreachable' });
  });
});

/** A frame of HTTP/2; HEADERS are whole. */
function frame(type: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([Buffer.from([0, 0, payload.length, type, type === 1 ? 4 : 0, 0, 0, 0, stream]), payload]);
}

test('what is slow and alive is no dead connection: the answer to a ping waits behind the data', async () => {
  const text = 'x'.repeat(2 ** 20);
  const server = await startServer((_, response) => answer(response, 200, configMap('web', '1', { text })));
  const relay = await startRelay(server.url);
  const cluster = await connectVia(relay.url, server.authority.cert);
  await cluster.get({ ...ref, kind: 'Namespace', name: 'first' });
  await sleep(50);
  relay.hold();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  const waiting = cluster.get(ref);
  for (let second = 0; second < 50; second += 1) {
    await vi.advanceTimersByTimeAsync(1_000);
    relay.pass();
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  relay.release();
  vi.useRealTimers();
  expect(((await waiting)?.['data'] as { text: string } | undefined)?.text).toBe(text);
});

test('credentials that change while a connection is made leave none behind', async () => {
  const server = await startServer((_, response) => answer(response, 200, configMap('web')));
  let token = 0;
  const cluster = clusterOf(server.url, () =>
    Promise.resolve({ headers: { authorization: `Bearer ${(token += 1)}` }, tls: { ca: server.authority.cert } }),
  );
  await getAll(cluster, 6);
  expect(server.received.map(({ headers }) => headers.authorization)).toHaveLength(6);
  await eventually(() => expect(server.sockets.size).toBeLessThanOrEqual(1));
  cluster.close();
  await eventually(() => expect(server.sockets.size).toBe(0));
});

test('requests that are late one after the other cost one new connection, not one each', async () => {
  const served = await serve((stream) => {
    if (served.paths.length > 6) respond(stream);
  });
  const late = Array.from({ length: 6 }, async (_, index) => {
    await expect(served.cluster.get(ref, { timeoutMs: 100 + 40 * index })).rejects.toMatchObject({ code: 'Timeout' });
    await served.cluster.get(ref);
  });
  await Promise.all(late);
  expect(served.sessions).toBe(2);
});

test('a server with an IPv6 address is named as such', async () => {
  const served = await serve(respond, {}, '::1');
  // The certificate is for another address.
  const credentials = { headers: {}, tls: { rejectUnauthorized: false } };
  await clusterOf(served.url, () => Promise.resolve(credentials)).get(ref);
  expect(served.authorities).toEqual([new URL(served.url).host]);
});

test('headers of a raw request replace ours, however they are written', async () => {
  const server = await startServer((_, response) => answer(response, 200, {}));
  const headers = { Accept: 'text/plain', 'User-Agent': 'mine', Authorization: 'Bearer mine' };
  await (await connectTo(server)).request({ path: '/metrics', headers });
  expect(server.received[0]?.headers).toMatchObject({
    accept: 'text/plain',
    'user-agent': 'mine',
    authorization: 'Bearer mine',
  });
});

test('a token that is none is refused before it is sent, without being quoted', async () => {
  const server = await startServer((_, response) => answer(response, 200, configMap('web')));
  const source = { kind: 'server', server: server.url, token: 'hunter2\nx', ca: server.authority.cert } as const;
  const error: Error = await closing(await connect(source, { knownKinds }))
    .get(ref)
    .then(
      () => expect.fail('it was sent'),
      (reason: Error) => reason,
    );
  expect(error).toMatchObject({ code: 'CredentialsInvalid' });
  expect(error.message).not.toContain('hunter2');
  expect(server.received).toHaveLength(0);
});

interface Ending {
  readonly socket: Socket;
  readonly abort: () => void;
  readonly cluster: Cluster;
}

function clusterOf(server: string, credentials: CredentialSource): Cluster {
  return closing(new ApiCluster({ name: 'server', server, namespace: 'default', credentials }, { knownKinds }));
}

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
  readonly url: string;
  readonly authorities: string[];
  readonly ca: string;
}

/** A server of frames, where answers are not enough. */
async function serve(
  onStream: (stream: ServerHttp2Stream, session: ServerHttp2Session) => void,
  settings: http2.Settings = {},
  host = '127.0.0.1',
): Promise<Served> {
  const authority = makeCertificate('test authority');
  const { cert, key } = makeCertificate('localhost', authority);
  const server = http2.createSecureServer({ cert, key, settings });
  const paths: string[] = [];
  const authorities: string[] = [];
  let open = 0;
  server.on('secureConnection', (socket) => socket.on('error', () => undefined));
  server.on('sessionError', () => undefined);
  server.on('session', () => (served.sessions += 1));
  server.on('stream', (stream, headers) => {
    paths.push(headers[':path'] ?? '');
    authorities.push(headers[':authority'] ?? '');
    served.most = Math.max(served.most, (open += 1));
    stream.on('error', () => undefined).once('close', () => (open -= 1));
    onStream(stream, stream.session as ServerHttp2Session);
  });
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const served: Served = {
    cluster: await connectVia(url, authority.cert),
    paths,
    authorities,
    url,
    most: 0,
    sessions: 0,
    ca: authority.cert,
  };
  server.unref();
  return served;
}

async function connectVia(server: string, ca: string): Promise<Cluster> {
  return closing(await connect({ kind: 'server', server, token: 't', ca }, { knownKinds }));
}

interface Relay {
  readonly url: string;
  /** Bytes vanish on the open connections, and nothing is closed. */
  readonly freeze: () => void;
  /** Answers are kept back. */
  readonly hold: () => void;
  /** Lets a little of them through. */
  readonly pass: () => void;
  readonly release: () => void;
  /** Ends the open connections to the client. */
  readonly end: (how: 'reset' | 'close') => void;
}

/** A TCP relay between client and server. */
async function startRelay(target: string): Promise<Relay> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  const clients = new Set<Socket>();
  const held: [to: Socket, data: Buffer][] = [];
  let isHeld = false;
  const server = net.createServer((socket) => {
    const onward = net.connect(Number(port), hostname);
    for (const end of [socket, onward]) {
      open.add(end);
      end.on('error', () => undefined).unref();
    }
    clients.add(socket);
    socket.pipe(onward);
    onward.on('data', (data) => void (isHeld ? held.push([socket, data]) : socket.write(data)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  const pass = (bytes: number): void => {
    const [to, data] = held.shift() ?? [];
    if (!to || !data) return;
    to.write(data.subarray(0, bytes));
    if (data.length > bytes) held.unshift([to, data.subarray(bytes)]);
  };
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    end: (how) => {
      for (const client of clients)
        if (how === 'reset') client.resetAndDestroy();
        else client.destroy();
    },
    freeze: () => {
      for (const end of open) end.removeAllListeners('data').unpipe().pause();
      open.clear();
    },
    hold: () => (isHeld = true),
    pass: () => pass(1_000),
    release: () => {
      isHeld = false;
      while (held.length > 0) pass(Number.POSITIVE_INFINITY);
    },
  };
}
