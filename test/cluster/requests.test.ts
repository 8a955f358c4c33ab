import { describe, expect, test } from 'vitest';
import type { ApiErrorCode } from '../../src/cluster/api-error.ts';
import { ApiError } from '../../src/cluster/api-error.ts';
import type { Cluster } from '../../src/cluster/cluster.ts';
import { connect } from '../../src/cluster/connect.ts';
import { answer, closing, configMap, connectTo, knownKinds, startServer as start, status } from './server.ts';
import type { Handler, Protocol, TestServer } from './server.ts';

const manager = { fieldManager: 'kubewright' };
const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'web', namespace: 'shop' };

async function refusal(promise: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

describe.each<Protocol>(['h2', 'http/1.1'])('over %s:', (protocol) => {
  const startServer = (handler: Handler): Promise<TestServer> => start(handler, protocol);

  describe('an apply', () => {
    test('is one PATCH with strict validation, and tells whether it created', async () => {
      const server = await startServer((request, response) => answer(response, 201, JSON.parse(request.body)));
      const cluster = await connectTo(server);
      const result = await cluster.apply(configMap('web'), { ...manager, force: true, dryRun: true });
      expect(result).toMatchObject({ created: true, warnings: [], object: configMap('web') });
      const [request] = server.received;
      expect(server.received).toHaveLength(1);
      expect(request).toMatchObject({ method: 'PATCH', body: JSON.stringify(configMap('web')) });
      expect(request?.url.pathname).toBe('/api/v1/namespaces/shop/configmaps/web');
      expect(Object.fromEntries(request?.url.searchParams ?? [])).toEqual({
        fieldManager: 'kubewright',
        fieldValidation: 'Strict',
        force: 'true',
        dryRun: 'All',
      });
      expect(request?.headers).toMatchObject({
        'content-type': 'application/apply-patch+yaml',
        authorization: 'Bearer t',
      });
    });

    test('hands the warnings of the server over', async () => {
      const warning = '299 - "v1 Endpoints is \\"deprecated\\"", 299 - "second"';
      const server = await startServer((_, response) => answer(response, 200, configMap('web'), { warning }));
      const { warnings, created } = await (await connectTo(server)).apply(configMap('web'), manager);
      expect(warnings).toEqual(['v1 Endpoints is "deprecated"', 'second']);
      expect(created).toBe(false);
    });

    test('of a namespaced kind without namespace is refused before it is sent', async () => {
      const server = await startServer((_, response) => answer(response, 200, {}));
      const cluster = await connectTo(server);
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web' } };
      await expect(cluster.apply(object, manager)).rejects.toThrow('ConfigMap web metadata.namespace: is missing');
      expect(server.received).toHaveLength(0);
    });
  });

  describe('a refusal becomes an error with a code', () => {
    const cases: [number, object | string, ApiErrorCode][] = [
      [400, status(400, 'BadRequest', 'strict decoding error'), 'Invalid'],
      [401, status(401, 'Unauthorized', 'Unauthorized'), 'Unauthorized'],
      [403, status(403, 'Forbidden', 'configmaps is forbidden'), 'Forbidden'],
      [404, status(404, 'NotFound', 'namespaces "shop" not found', { kind: 'namespaces', name: 'shop' }), 'NotFound'],
      [404, '404 page not found', 'KindNotServed'],
      [404, status(404, 'NotFound', 'the server could not find the requested resource', {}), 'KindNotServed'],
      [409, status(409, 'Conflict', 'the object has been modified'), 'Conflict'],
      [409, status(409, 'AlreadyExists', 'configmaps "web" already exists'), 'AlreadyExists'],
      [410, status(410, 'Expired', 'too old'), 'Expired'],
      [422, status(422, 'Invalid', 'spec.replicas: Invalid value'), 'Invalid'],
      [429, status(429, 'TooManyRequests', 'slow down'), 'TooManyRequests'],
      [500, status(500, 'InternalError', 'failed calling webhook'), 'ServerError'],
      [
        500,
        status(
          500,
          '',
          'failed to create typed patch object (shop/web; /v1, Kind=ConfigMap): .dta: field not declared in schema',
        ),
        'Invalid',
      ],
      [502, '<html>Bad Gateway</html>', 'ServerError'],
      [503, 'apiserver is shutting down', 'ServerError'],
      [504, status(504, 'Timeout', 'request did not complete'), 'Timeout'],
    ];
    test.each(cases)('%i %j is %s', async (code, body, expected) => {
      const server = await startServer((_, response) => {
        response.writeHead(code).end(typeof body === 'string' ? body : JSON.stringify(body));
      });
      const error = await refusal((await connectTo(server)).apply(configMap('web'), manager));
      expect(error).toMatchObject({ code: expected, status: code });
      expect(error.message).toContain(`ConfigMap shop/web: apply on server (${server.url}) was refused: `);
      expect(error.message).not.toContain('<html>');
    });

    test('a conflict names fields and managers', async () => {
      const causes = [
        {
          reason: 'FieldManagerConflict',
          field: '.spec.replicas',
          message: 'conflict with "kubectl-edit" using apps/v1',
        },
      ];
      const server = await startServer((_, response) =>
        answer(response, 409, status(409, 'Conflict', 'Apply failed with 1 conflict', { causes })),
      );
      const error = await refusal((await connectTo(server)).apply(configMap('web'), manager));
      expect(error.details.causes).toEqual([{ ...causes[0], manager: 'kubectl-edit' }]);
    });

    test.each([
      ['seconds', '7', 7],
      ['a date', new Date(Date.now() + 30_000).toUTCString(), 30],
      ['nothing', undefined, 3],
    ])('429 with Retry-After of %s', async (_, header, expected) => {
      const body = status(429, 'TooManyRequests', 'slow down', { retryAfterSeconds: 3 });
      const server = await startServer((__, response) =>
        answer(response, 429, body, header ? { 'retry-after': header } : {}),
      );
      const error = await refusal((await connectTo(server)).get(ref));
      expect(Math.ceil(error.retryAfter ?? 0)).toBeGreaterThan(expected - 10);
      expect(Math.ceil(error.retryAfter ?? 0)).toBeLessThanOrEqual(expected);
      expect(server.received).toHaveLength(1);
    });

    test('a page of something else in front of the server is told', async () => {
      const server = await startServer((_, response) => response.writeHead(200).end('<html>Log in: hunter2</html>'));
      const error = await refusal((await connectTo(server)).get(ref));
      expect(error.message).toMatch(/not JSON \(200\)\. Check that the URL/);
      expect(error.message).not.toContain('hunter2');
    });
  });

  describe('no refusal quotes a Secret', () => {
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'db', namespace: 'shop' },
      stringData: { password: 'hunter2' },
    };
    const cases: [string, number, object, string][] = [
      [
        'a 422',
        422,
        status(422, 'Invalid', 'Secret "db" is invalid: data[password]: Invalid value: "hunter2"', {
          causes: [{ reason: 'FieldValueInvalid', field: 'data[password]', message: 'Invalid value: "hunter2"' }],
        }),
        'data[password] FieldValueInvalid',
      ],
      [
        'a 400',
        400,
        status(400, 'BadRequest', 'strict decoding error: unknown field "dta" in hunter2'),
        'unknown field "dta"',
      ],
      [
        'a 500',
        500,
        status(
          500,
          '',
          'failed to create typed patch object (shop/db; /v1, Kind=Secret): .stringData.password: expected string, got hunter2',
        ),
        '.stringData.password: expected string',
      ],
      [
        'a webhook',
        403,
        status(403, 'Forbidden', 'admission webhook "policy.example.com" denied the request: hunter2 is weak'),
        'admission webhook "policy.example.com" denied the request',
      ],
      ['anything else', 418, status(418, 'Teapot', 'hunter2'), 'withheld'],
    ];
    test.each(cases)('%s', async (_, code, body, expected) => {
      const server = await startServer((__, response) => answer(response, code, body));
      const error = await refusal((await connectTo(server)).apply(secret, manager));
      expect(error.message).toContain(expected);
      expect(
        `${error.message} ${JSON.stringify(error)} ${JSON.stringify(error.details)} ${String(error.cause)}`,
      ).not.toContain('hunter2');
    });
  });

  describe('a connection that breaks', () => {
    function dropSecond(requests: { readonly socket: object }[]): boolean {
      const [first, second] = requests;
      return requests.length === 2 && first?.socket === second?.socket;
    }
    const calls: [string, (cluster: Cluster) => Promise<unknown>, boolean][] = [
      ['get', (cluster) => cluster.get(ref), true],
      ['apply', (cluster) => cluster.apply(configMap('web'), manager), true],
      ['update', (cluster) => cluster.update(configMap('web')), true],
      ['merge patch', (cluster) => cluster.patch(ref, { type: 'merge', body: {} }), true],
      ['delete', (cluster) => cluster.delete(ref), true],
      ['create', (cluster) => cluster.create(configMap('web')), false],
      ['json patch', (cluster) => cluster.patch(ref, { type: 'json', body: [] }), false],
    ];
    test.each(calls)('while idle: %s is sent again: %s', async (_, call, again) => {
      const server = await startServer((request, response) => {
        if (dropSecond(server.received)) request.socket.destroy();
        else answer(response, 200, configMap('web'));
      });
      const cluster = await connectTo(server);
      await cluster.get(ref);
      if (again) await call(cluster);
      else expect(await refusal(call(cluster))).toMatchObject({ code: 'Unreachable', status: 0 });
      expect(server.received).toHaveLength(again ? 3 : 2);
    });

    test('before the answer, on a new connection, is not sent again', async () => {
      const server = await startServer((request) => request.socket.destroy());
      const error = await refusal((await connectTo(server)).get(ref));
      expect(error.code).toBe('Unreachable');
      expect(error.message).toMatch(
        /^ConfigMap shop\/web: get on server \(https:.*\) failed: .+\. Check that the server runs/,
      );
      expect(server.received).toHaveLength(1);
    });

    test('in the middle of the answer', async () => {
      const server = await startServer((request, response) => {
        response.writeHead(200, { 'content-length': '100' }).write('{"kind":');
        setTimeout(() => request.socket.destroy(), 20);
      });
      expect(await refusal((await connectTo(server)).get(ref))).toMatchObject({ code: 'Unreachable' });
    });

    test('because nothing listens', async () => {
      const source = { kind: 'server', server: 'https://127.0.0.1:1', token: 't' } as const;
      const error = await refusal(closing(await connect(source, { knownKinds })).get(ref));
      expect(error.message).toContain('ECONNREFUSED');
    });

    test('because its certificate is not trusted', async () => {
      const server = await startServer((_, response) => answer(response, 200, {}));
      const cluster = closing(await connect({ kind: 'server', server: server.url, token: 't' }, { knownKinds }));
      const error = await refusal(cluster.get(ref));
      expect(error.code).toBe('Unreachable');
      expect(error.message).toContain('Check the certificate authority');
    });
  });

  describe('a slow server', () => {
    test.each([
      ['no headers', false],
      ['a body that never ends', true],
    ])('%s: Timeout', async (_, headers) => {
      const server = await startServer((__, response) => {
        if (headers) response.writeHead(200).write('{"kind":');
      });
      const error = await refusal((await connectTo(server)).get(ref, { timeoutMs: 100 }));
      expect(error).toMatchObject({ code: 'Timeout', status: 0 });
      expect(error.message).toContain('no complete answer within 0.1 s');
    });

    test.each([
      ['no headers', false],
      ['a body that never ends', true],
    ])('%s: the signal ends it with its reason', async (_, headers) => {
      const server = await startServer((__, response) => {
        if (headers) response.writeHead(200).write('{"kind":');
      });
      const reason = new Error('enough');
      const aborting = new AbortController();
      const pending = (await connectTo(server)).get(ref, { signal: aborting.signal });
      setTimeout(() => aborting.abort(reason), 50);
      await expect(pending).rejects.toBe(reason);
    });

    test('close ends what is under way', async () => {
      const server = await startServer(() => undefined);
      const cluster = await connectTo(server);
      const pending = refusal(cluster.get(ref));
      setTimeout(() => cluster.close(), 50);
      expect(await pending).toMatchObject({
        code: 'Closed',
        message: expect.stringContaining('closed by this process'),
      });
      expect(await refusal(cluster.get(ref))).toMatchObject({ code: 'Closed' });
    });
  });

  test('a server behind a gateway keeps its path', async () => {
    const server = await startServer((_, response) => answer(response, 200, configMap('web')));
    const source = {
      kind: 'server',
      server: `${server.url}/k8s/clusters/c-1/`,
      token: 't',
      ca: server.authority.cert,
    } as const;
    await closing(await connect(source, { knownKinds })).get(ref);
    expect(server.received[0]?.url.pathname).toBe('/k8s/clusters/c-1/api/v1/namespaces/shop/configmaps/web');
  });

  describe('a list', () => {
    test('has all pages, with apiVersion and kind on every item', async () => {
      const server = await startServer(({ url }, response) => {
        const second = url.searchParams.get('continue') === 'next';
        const metadata = { resourceVersion: '7', ...(!second && { continue: 'next' }) };
        answer(response, 200, { metadata, items: [{ metadata: { name: second ? 'b' : 'a' } }] });
      });
      const list = await (await connectTo(server)).list({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        labelSelector: 'a=b,c',
      });
      expect(list.resourceVersion).toBe('7');
      expect(list.items.map(({ kind, apiVersion, metadata }) => [apiVersion, kind, metadata.name])).toEqual([
        ['v1', 'ConfigMap', 'a'],
        ['v1', 'ConfigMap', 'b'],
      ]);
      expect(server.received.map(({ url }) => url.search)).toEqual([
        '?labelSelector=a%3Db%2Cc&limit=500',
        '?labelSelector=a%3Db%2Cc&limit=500&continue=next',
      ]);
    });

    test('whose page token expires is read again at once', async () => {
      const server = await startServer(({ url }, response) => {
        if (url.searchParams.has('continue')) return answer(response, 410, status(410, 'Expired', 'token expired'));
        const first = url.searchParams.has('limit');
        answer(response, 200, {
          metadata: { resourceVersion: '9', ...(first && { continue: 'next' }) },
          items: [{ metadata: { name: 'a' } }],
        });
      });
      const list = await (await connectTo(server)).list({ apiVersion: 'v1', kind: 'ConfigMap' });
      expect(list.items).toHaveLength(1);
      expect(list.resourceVersion).toBe('9');
      expect(server.received).toHaveLength(3);
    });
  });

  describe('a delete', () => {
    test.each([
      ['gone', 200, { kind: 'Status' }],
      ['terminating', 200, configMap('web')],
      ['absent', 404, status(404, 'NotFound', 'not found', { name: 'web', kind: 'configmaps' })],
    ])('%s', async (expected, code, body) => {
      const server = await startServer((_, response) => answer(response, code, body));
      const result = await (await connectTo(server)).delete(ref, {
        uid: 'u',
        resourceVersion: '5',
        propagation: 'Foreground',
        dryRun: true,
      });
      expect(result).toBe(expected);
      expect(JSON.parse(server.received[0]?.body ?? '')).toEqual({
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        preconditions: { uid: 'u', resourceVersion: '5' },
        propagationPolicy: 'Foreground',
        dryRun: ['All'],
      });
    });
  });
});
