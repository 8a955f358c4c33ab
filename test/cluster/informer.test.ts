import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { informer } from '../../src/cluster/watch.ts';
import type { InformerOptions } from '../../src/cluster/watch.ts';
import { answer, configMap, connectTo, eventually, startServer, status } from './server.ts';
import type { Received, TestServer } from './server.ts';

const query = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop' };

/** What the server does with each list and each watch, in turn; the last one repeats. */
interface Script {
  readonly lists: readonly (readonly [version: string, ...items: KubernetesObject[]])[];
  readonly watches: readonly ((response: ServerResponse, request: Received) => void)[];
}

function line(response: ServerResponse, type: string, object: object): void {
  response.write(`${JSON.stringify({ type, object })}\n`);
}

function play(script: Script): Promise<TestServer> {
  const turns = { list: 0, watch: 0 };
  return startServer((request, response) => {
    if (request.url.searchParams.has('watch')) {
      const step = script.watches[Math.min(turns.watch++, script.watches.length - 1)];
      response.writeHead(200).flushHeaders();
      return step?.(response, request);
    }
    const [version = '', ...items] = script.lists[Math.min(turns.list++, script.lists.length - 1)] ?? [];
    answer(response, 200, { metadata: { resourceVersion: version }, items });
  });
}

async function observe(server: TestServer, options: Partial<InformerOptions> = {}) {
  const changes: string[] = [];
  const errors: unknown[] = [];
  const cluster = await connectTo(server);
  const watching = informer(cluster, query, {
    onChange: ({ type, object }) =>
      changes.push(`${type} ${object.metadata.name} ${object.metadata.resourceVersion ?? '-'}`),
    onError: (error) => errors.push(error),
    backoffMs: 5,
    ...options,
  });
  return { changes, errors, watching };
}

function watchVersions(server: TestServer): (string | null)[] {
  return server.received
    .filter(({ url }) => url.searchParams.has('watch'))
    .map(({ url }) => url.searchParams.get('resourceVersion'));
}

const hang = (): void => undefined;

describe('an informer', () => {
  test('lists, then watches with bookmarks from the version of the list', async () => {
    const server = await play({
      lists: [['5', configMap('a', '3'), configMap('b', '4')]],
      watches: [
        (response) => {
          line(response, 'MODIFIED', configMap('a', '6'));
          line(response, 'ADDED', configMap('c', '7'));
          line(response, 'DELETED', configMap('b', '8'));
        },
      ],
    });
    const { changes, watching, errors } = await observe(server);
    await watching.ready;
    expect(changes).toEqual(['changed a 3', 'changed b 4']);
    await eventually(() => expect(changes.slice(2)).toEqual(['changed a 6', 'changed c 7', 'deleted b 8']));
    expect(watching.objects().map(({ metadata }) => metadata.name)).toEqual(['a', 'c']);
    expect(watching.object('a', 'shop')?.metadata.resourceVersion).toBe('6');
    expect(watching.object('b', 'shop')).toBeUndefined();
    const [, watch] = server.received;
    expect(watch?.url.search).toBe('?watch=true&allowWatchBookmarks=true&resourceVersion=5&timeoutSeconds=30');
    watching.stop();
    expect(errors).toEqual([]);
  });

  test('continues a list that was read already', async () => {
    const server = await play({ lists: [], watches: [(response) => line(response, 'ADDED', configMap('b', '6'))] });
    const { changes, watching } = await observe(server, {
      from: { items: [configMap('a', '3')], resourceVersion: '5' },
    });
    await watching.ready;
    await eventually(() => expect(changes).toEqual(['changed a 3', 'changed b 6']));
    expect(server.received).toHaveLength(1);
    expect(watchVersions(server)).toEqual(['5']);
    watching.stop();
  });

  test('reads lines that are split anywhere, also within a character', async () => {
    const text = Buffer.from(
      `${JSON.stringify({ type: 'ADDED', object: configMap('a', '6', { text: 'größer 🚢' }) })}\n`,
    );
    const server = await play({
      lists: [['5']],
      watches: [
        (response) => {
          for (const [index, byte] of text.entries()) setTimeout(() => response.write(Buffer.from([byte])), index / 4);
        },
      ],
    });
    const { watching } = await observe(server);
    await eventually(() => expect(watching.object('a', 'shop')?.['data']).toEqual({ text: 'größer 🚢' }));
    watching.stop();
  });

  test('continues from the last bookmark when the server ends the watch', async () => {
    const server = await play({
      lists: [['5']],
      watches: [
        (response) => {
          line(response, 'BOOKMARK', { metadata: { resourceVersion: '9' } });
          response.end();
        },
        hang,
      ],
    });
    const { watching, errors } = await observe(server);
    await eventually(() => expect(watchVersions(server)).toEqual(['5', '9']));
    watching.stop();
    expect(errors).toEqual([]);
  });

  test.each([
    [
      'as a line',
      (response: ServerResponse) => line(response, 'ERROR', status(410, 'Expired', 'too old resource version')),
    ],
  ])('lists again on 410 (%s), and tells only what differs', async (_, expire) => {
    const server = await play({
      lists: [
        ['5', configMap('kept', '1'), configMap('changed', '2'), configMap('gone', '3')],
        ['20', configMap('kept', '1'), configMap('changed', '12'), configMap('new', '13')],
      ],
      watches: [expire, hang],
    });
    const { changes, watching, errors } = await observe(server);
    await eventually(() => expect(watchVersions(server)).toEqual(['5', '20']));
    expect(changes.slice(3)).toEqual(['changed changed 12', 'changed new 13', 'deleted gone 3']);
    expect(errors).toEqual([]);
    watching.stop();
  });

  test('notices a connection that is silently dead', async () => {
    const server = await play({
      lists: [['5']],
      watches: [hang, (response) => line(response, 'ADDED', configMap('a', '6'))],
    });
    const startedAt = performance.now();
    const { changes, watching } = await observe(server, { timeoutSeconds: 0.1, graceMs: 50 });
    await eventually(() => expect(changes).toEqual(['changed a 6']));
    expect(performance.now() - startedAt).toBeGreaterThan(150);
    expect(watchVersions(server).slice(0, 2)).toEqual(['5', '5']);
    watching.stop();
  });

  test('reconnects after broken connections and failures, from where it was', async () => {
    const server = await play({
      lists: [['5']],
      watches: [
        (response) => {
          line(response, 'ADDED', configMap('a', '6'));
          setTimeout(() => response.destroy(), 10);
        },
        (response) => line(response, 'ERROR', status(500, 'InternalError', 'etcd is gone')),
        (response) => line(response, 'ADDED', configMap('b', '7')),
      ],
    });
    const { changes, watching, errors } = await observe(server);
    await eventually(() => expect(changes).toEqual(['changed a 6', 'changed b 7']));
    expect(watchVersions(server)).toEqual(['5', '6', '6']);
    expect(errors).toMatchObject([{ code: 'Unreachable' }, { code: 'ServerError' }]);
    watching.stop();
  });

  test('does not ask in a tight loop when every watch ends at once', async () => {
    const server = await play({ lists: [['5']], watches: [(response) => response.end()] });
    const { watching } = await observe(server, { backoffMs: 100 });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(watchVersions(server).length).toBeLessThan(6);
    watching.stop();
  });

  test('waits as long as Retry-After says', async () => {
    let refused = false;
    const server = await startServer(({ url }, response) => {
      if (url.searchParams.has('watch')) return;
      if (refused) return answer(response, 200, { metadata: { resourceVersion: '5' }, items: [] });
      refused = true;
      answer(response, 429, status(429, 'TooManyRequests', 'slow down'), { 'retry-after': '1' });
    });
    const startedAt = performance.now();
    const { watching, errors } = await observe(server);
    await watching.ready;
    expect(performance.now() - startedAt).toBeGreaterThan(990);
    expect(errors).toMatchObject([{ code: 'TooManyRequests' }]);
    watching.stop();
  });

  test('tells at once when it may not list', async () => {
    const server = await startServer((_, response) =>
      answer(response, 403, status(403, 'Forbidden', 'configmaps is forbidden')),
    );
    const { watching } = await observe(server);
    await expect(watching.ready).rejects.toMatchObject({ code: 'Forbidden' });
    watching.stop();
  });

  test('stop ends its connection and delivers nothing more', async () => {
    let watch: ServerResponse | undefined;
    const server = await play({
      lists: [['5']],
      watches: [
        (response) => {
          watch = response;
        },
      ],
    });
    const { changes, watching, errors } = await observe(server);
    await eventually(() => expect(watch).toBeDefined());
    const open = server.sockets.size;
    watching.stop();
    if (watch) line(watch, 'ADDED', configMap('late', '9'));
    await eventually(() => expect(server.sockets.size).toBe(open - 1));
    expect(changes).toEqual([]);
    expect(errors).toEqual([]);
  });

  test('keeps no managedFields, and no objects with store: false', async () => {
    const object = {
      ...configMap('a', '3'),
      metadata: { name: 'a', namespace: 'shop', uid: 'u', resourceVersion: '3', managedFields: [{ manager: 'm' }] },
    };
    const server = await play({
      lists: [['5', object], ['9']],
      watches: [(response) => line(response, 'ERROR', status(410, 'Expired', '')), hang],
    });
    const seen: KubernetesObject[] = [];
    const { watching } = await observe(server, { store: false, onChange: ({ object: changed }) => seen.push(changed) });
    await eventually(() => expect(seen).toHaveLength(2));
    expect(seen[0]).toEqual({
      ...configMap('a'),
      metadata: { name: 'a', namespace: 'shop', uid: 'u', resourceVersion: '3' },
    });
    expect(seen[1]).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', namespace: 'shop', uid: 'u' },
    });
    expect(watching.objects()).toEqual([]);
    watching.stop();
  });
});

test('leaving a watch closes its connection', async () => {
  const server = await play({ lists: [['5']], watches: [(response) => line(response, 'ADDED', configMap('a', '6'))] });
  const cluster = await connectTo(server);
  for await (const event of cluster.watch(query, { resourceVersion: '5' })) {
    expect(event).toMatchObject({ type: 'added', object: { metadata: { name: 'a' } } });
    break;
  }
  await eventually(() => expect(server.sockets.size).toBe(0));
});
