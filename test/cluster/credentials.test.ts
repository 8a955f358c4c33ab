import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ApiCluster } from '../../src/cluster/api-cluster.ts';
import type { Cluster } from '../../src/cluster/cluster.ts';
import { connect } from '../../src/cluster/connect.ts';
import { tokenFileCredentials } from '../../src/cluster/credentials.ts';
import { inClusterEndpoint } from '../../src/cluster/in-cluster.ts';
import { makeCertificate } from './certificate.ts';
import { answer, closing, configMap, knownKinds, startServer, status } from './server.ts';
import type { Handler, TestServer } from './server.ts';

const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'web', namespace: 'shop' };
const accept: Handler = (_, response) => answer(response, 200, configMap('web'));
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'credentials-'));
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** Connects through a kubeconfig with this user and these fields of the cluster. */
async function connectAs(server: TestServer, user: object, fields: object = {}): Promise<Cluster> {
  const cluster = { server: server.url, 'certificate-authority-data': base64(server.authority.cert), ...fields };
  const config = {
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'test', context: { cluster: 'c', user: 'u', namespace: 'shop' } }],
  };
  const kubeconfig = write('config', JSON.stringify(config));
  return closing(await connect({ kind: 'context', name: 'test', kubeconfig }, { knownKinds }));
}

describe('a user of a kubeconfig', () => {
  const cases: [string, () => object, Record<string, string>][] = [
    ['a token', () => ({ token: 'abc' }), { authorization: 'Bearer abc' }],
    [
      'a token file, which wins over the token',
      () => ({ token: 'old', tokenFile: write('token', 'abc\n') }),
      { authorization: 'Bearer abc' },
    ],
    [
      'name and password',
      () => ({ username: 'admin', password: 'p:w' }),
      { authorization: `Basic ${base64('admin:p:w')}` },
    ],
    [
      'somebody else',
      () => ({ token: 'abc', as: 'bob', 'as-groups': ['a', 'b'], 'as-uid': '7' }),
      { 'impersonate-user': 'bob', 'impersonate-group': 'a, b', 'impersonate-uid': '7' },
    ],
  ];
  test.each(cases)('with %s', async (_, user, headers) => {
    const server = await startServer(accept);
    await (await connectAs(server, user())).get(ref);
    expect(server.received[0]?.headers).toMatchObject(headers);
  });

  test.each(['data', 'files'])('with a client certificate as %s', async (form) => {
    const server = await startServer(accept);
    const { cert, key } = makeCertificate('alice', server.authority);
    const user =
      form === 'data'
        ? { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) }
        : { 'client-certificate': write('alice.crt', cert), 'client-key': write('alice.key', key) };
    await (await connectAs(server, user)).get(ref);
    expect(server.received[0]?.clientName).toBe('alice');
  });

  test('whose files are missing is told which', async () => {
    const server = await startServer(accept);
    await expect(connectAs(server, { 'client-certificate': 'none.crt', 'client-key': 'none.key' })).rejects.toThrow(
      `client certificate ${join(folder, 'none.crt')}: does not exist.`,
    );
    await expect(
      connectAs(server, {}, { 'certificate-authority-data': undefined, 'certificate-authority': 'ca.crt' }),
    ).rejects.toThrow(`certificate authority ${join(folder, 'ca.crt')}: does not exist.`);
  });
});

test('a client certificate that is none is told without its content', async () => {
  const server = await startServer(accept);
  const user = { 'client-certificate-data': base64('hunter2'), 'client-key-data': base64('hunter2') };
  for (const fields of [{}, { 'proxy-url': 'http://127.0.0.1:1' }]) {
    const cluster = await connectAs(server, user, fields);
    await expect(cluster.get(ref)).rejects.toThrow(
      /^context "test": its certificates or keys cannot be used \([^h]+\)\. They have to be PEM/,
    );
  }
});

describe('a cluster of a kubeconfig', () => {
  test.each([
    [
      'certificate-authority',
      (server: TestServer) => ({
        'certificate-authority-data': undefined,
        'certificate-authority': write('ca.crt', server.authority.cert),
      }),
    ],
    ['insecure-skip-tls-verify', () => ({ 'certificate-authority-data': undefined, 'insecure-skip-tls-verify': true })],
    ['tls-server-name', () => ({ 'tls-server-name': 'localhost' })],
  ])('with %s', async (_, fields) => {
    const server = await startServer(accept);
    await expect((await connectAs(server, { token: 'abc' }, fields(server))).get(ref)).resolves.toMatchObject(
      configMap('web'),
    );
  });

  test.each([
    ['another machine', (url: string) => url.replace('127.0.0.1', '0.0.0.0'), 'gzip'],
    ['this machine', (url: string) => url, undefined],
  ])('on %s: are answers compressed', async (_, place, expected) => {
    const server = await startServer((request, response) => {
      const compressed = request.headers['accept-encoding'] === 'gzip';
      const text = JSON.stringify(configMap('web'));
      response.writeHead(200, compressed ? { 'content-encoding': 'gzip' } : {}).end(compressed ? gzipSync(text) : text);
    });
    const cluster = await connectAs(server, {}, { server: place(server.url), 'tls-server-name': 'localhost' });
    expect(await cluster.get(ref)).toEqual(configMap('web'));
    expect(server.received[0]?.headers['accept-encoding']).toBe(expected);
  });

  test('with another tls-server-name is refused', async () => {
    const server = await startServer(accept);
    await expect((await connectAs(server, {}, { 'tls-server-name': 'other' })).get(ref)).rejects.toThrow(
      'Check the certificate authority',
    );
  });

  test('names context and namespace', async () => {
    const server = await startServer(accept);
    const cluster = await connectAs(server, {});
    expect(cluster).toMatchObject({ name: 'context "test"', namespace: 'shop', server: server.url });
  });
});

describe('a token file', () => {
  test('is read again after a minute and when it is refused', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const file = write('token', 'one');
    const source = tokenFileCredentials(file, { headers: {}, tls: {} });
    const first = await source();
    writeFileSync(file, 'two');
    expect(await source()).toBe(first);
    const second = await source(first);
    expect(second.headers).toEqual({ authorization: 'Bearer two' });
    expect(await source(second)).toBe(second);
    writeFileSync(file, 'three');
    vi.advanceTimersByTime(61_000);
    expect((await source()).headers).toEqual({ authorization: 'Bearer three' });
  });
});

describe('an exec plugin', () => {
  /** A plugin that counts its runs in a file and answers with what `body` makes of the count. */
  function plugin(body: string): object {
    const script = `#!${process.execPath}\nconst fs = require('node:fs');\nconst runs = fs.existsSync('${folder}/runs') ? Number(fs.readFileSync('${folder}/runs')) + 1 : 1;\nfs.writeFileSync('${folder}/runs', String(runs));\n${body}\n`;
    chmodSync(write('plugin.cjs', script), 0o755);
    return {
      exec: {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: './plugin.cjs',
        interactiveMode: 'Never',
        env: [{ name: 'FROM_KUBECONFIG', value: 'yes' }],
        provideClusterInfo: true,
      },
    };
  }
  const print = (statusText: string): string =>
    `console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: ${statusText} }));`;
  const runs = (): number => Number(readFileSync(join(folder, 'runs'), 'utf8'));

  test('runs once for many requests', async () => {
    const server = await startServer(accept);
    const cluster = await connectAs(server, plugin(print("{ token: 'token-' + runs }")));
    await Promise.all([1, 2, 3].map(() => cluster.get(ref)));
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual(Array(3).fill('Bearer token-1'));
    expect(runs()).toBe(1);
  });

  test('runs again when the token expires', async () => {
    const server = await startServer(accept);
    const cluster = await connectAs(
      server,
      plugin(
        print(
          "{ token: 'token-' + runs, expirationTimestamp: new Date(Date.now() + (runs === 1 ? 1000 : 3600e3)).toISOString() }",
        ),
      ),
    );
    for (let index = 0; index < 3; index += 1) await cluster.get(ref);
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-2',
      'Bearer token-2',
    ]);
  });

  test('runs again, once for all, when the token is refused, and not twice for one request', async () => {
    const server = await startServer(({ headers }, response) => {
      if (headers.authorization === 'Bearer token-2') answer(response, 200, configMap('web'));
      else answer(response, 401, status(401, 'Unauthorized', 'Unauthorized'));
    });
    const cluster = await connectAs(server, plugin(print("{ token: 'token-' + runs }")));
    await Promise.all([1, 2, 3].map(() => cluster.get(ref)));
    expect(runs()).toBe(2);
    server.handler = (_, response) => answer(response, 401, status(401, 'Unauthorized', 'Unauthorized'));
    await expect(cluster.get(ref)).rejects.toMatchObject({ code: 'Unauthorized' });
    expect(runs()).toBe(3);
  });

  test('may give a client certificate', async () => {
    const server = await startServer(accept);
    const { cert, key } = makeCertificate('bob', server.authority);
    const cluster = await connectAs(
      server,
      plugin(print(JSON.stringify({ clientCertificateData: cert, clientKeyData: key }))),
    );
    await cluster.get(ref);
    expect(server.received[0]?.clientName).toBe('bob');
  });

  test('is told the cluster and gets the environment of the kubeconfig', async () => {
    const server = await startServer(accept);
    const cluster = await connectAs(
      server,
      plugin(
        `fs.writeFileSync('${folder}/env', process.env.FROM_KUBECONFIG + process.env.KUBERNETES_EXEC_INFO);${print("{ token: 't' }")}`,
      ),
    );
    await cluster.get(ref);
    const told = readFileSync(join(folder, 'env'), 'utf8');
    expect(told.startsWith('yes')).toBe(true);
    expect(JSON.parse(told.slice(3))).toEqual({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      spec: {
        interactive: false,
        cluster: { server: server.url, 'certificate-authority-data': base64(server.authority.cert) },
      },
    });
  });

  const failures: [string, string, string][] = [
    [
      'fails',
      "console.error('\\nlog in first, eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.e30.c2ln expired\\nmore'); process.exit(3)",
      'exec plugin plugin.cjs: failed with exit code 3: log in first, … expired. Run the command',
    ],
    [
      'is killed',
      "process.kill(process.pid, 'SIGKILL'); setTimeout(() => {}, 9999)",
      'failed with signal SIGKILL: no message on stderr.',
    ],
    ['prints no JSON', "console.log('token hunter2')", 'did not print JSON.'],
    ['prints something else', "console.log('{}')", 'did not print an ExecCredential.'],
    ['prints no credentials', print('{}'), 'printed neither a token nor a client certificate.'],
  ];
  test.each(failures)('that %s', async (_, body, expected) => {
    const server = await startServer(accept);
    const error = await (await connectAs(server, plugin(body))).get(ref).catch((reason: unknown) => reason as Error);
    expect((error as Error).message).toContain(expected);
    expect((error as Error).message).not.toContain('hunter2');
  });

  const wait = "setTimeout(() => fs.writeFileSync(__dirname + '/ended', ''), 5000);";
  test.each([
    ['at the first request', wait],
    ['after a refusal', `if (runs > 1) ${wait} else ${print("{ token: 'refused' }")}`],
  ])('that waits for somebody does not keep a request that is given up: %s', async (_, body) => {
    const server = await startServer((_request, response) =>
      answer(response, 401, status(401, 'Unauthorized', 'Unauthorized')),
    );
    const cluster = await connectAs(server, plugin(body));
    const controller = new AbortController();
    const listed = cluster.list(ref, { signal: controller.signal });
    const isRunning = (): boolean => existsSync(join(folder, 'runs')) && runs() > server.received.length;
    await expect.poll(isRunning).toBe(true);
    const reason = new Error('given up');
    controller.abort(reason);
    await expect(listed).rejects.toBe(reason);
    expect(existsSync(join(folder, 'ended'))).toBe(false);
  });

  test('that does not exist', async () => {
    const server = await startServer(accept);
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: './none',
      installHint: 'Install none from example.com.\n',
    };
    await expect((await connectAs(server, { exec })).get(ref)).rejects.toThrow(
      'exec plugin none: does not exist. Install none from example.com.',
    );
  });
});

describe('an auth provider', () => {
  test('gives the OIDC token that is in the kubeconfig while it is valid', async () => {
    const server = await startServer(accept);
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const idToken = `${part({ alg: 'none' })}.${part({ exp: Math.floor(Date.now() / 1000) + 3600 })}.c2ln`;
    const cluster = await connectAs(server, { 'auth-provider': { name: 'oidc', config: { 'id-token': idToken } } });
    await Promise.all([cluster.get(ref), cluster.get(ref)]);
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual([
      `Bearer ${idToken}`,
      `Bearer ${idToken}`,
    ]);
  });
});

describe('a proxy', () => {
  async function startProxy(): Promise<{ url: string; asked: string[] }> {
    const asked: string[] = [];
    const proxy = http.createServer().on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      const [host, port] = (request.url ?? '').split(':');
      const onward = net.connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    proxy.unref();
    return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, asked };
  }

  test('of the kubeconfig is used, with client certificate and kept connections', async () => {
    const server = await startServer(accept);
    const proxy = await startProxy();
    const { cert, key } = makeCertificate('alice', server.authority);
    const user = { 'client-certificate-data': base64(cert), 'client-key-data': base64(key), token: 'abc' };
    const cluster = await connectAs(server, user, { 'proxy-url': proxy.url });
    await cluster.get(ref);
    await cluster.get(ref);
    expect(proxy.asked).toEqual([server.url.replace('https://', '')]);
    expect(server.received[1]).toMatchObject({ clientName: 'alice', headers: { authorization: 'Bearer abc' } });
  });
});

describe('a pod', () => {
  test('uses the files of its service account, and the new token when it was rotated', async () => {
    const server = await startServer(({ headers }, response) => {
      if (headers.authorization === 'Bearer new') answer(response, 200, configMap('web'));
      else answer(response, 401, status(401, 'Unauthorized', 'Unauthorized'));
    });
    const { hostname, port } = new URL(server.url);
    vi.stubEnv('KUBERNETES_SERVICE_HOST', hostname);
    vi.stubEnv('KUBERNETES_SERVICE_PORT', port);
    write('ca.crt', server.authority.cert);
    write('namespace', 'shop\n');
    write('token', 'old');
    const endpoint = inClusterEndpoint(folder);
    const cluster = closing(new ApiCluster(endpoint, { knownKinds }));
    expect(cluster).toMatchObject({ server: server.url, namespace: 'shop' });
    await expect(cluster.get(ref)).rejects.toMatchObject({ code: 'Unauthorized' });
    write('token', 'new');
    await expect(cluster.get(ref)).resolves.toBeDefined();
  });

  test('with an IPv6 service address', () => {
    vi.stubEnv('KUBERNETES_SERVICE_HOST', 'fd00::1');
    vi.stubEnv('KUBERNETES_SERVICE_PORT', '');
    for (const name of ['ca.crt', 'token']) write(name, 'x');
    expect(inClusterEndpoint(folder)).toMatchObject({ server: 'https://[fd00::1]:443', namespace: 'default' });
  });

  test('without service account is told so', async () => {
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '');
    await expect(connect({ kind: 'inCluster' })).rejects.toThrow('does not run in a pod with a service account');
  });
});
