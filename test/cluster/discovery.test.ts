import { describe, expect, test } from 'vitest';
import { answer, connectTo, startServer, status } from './server.ts';

const widget = { apiVersion: 'example.com/v1', kind: 'Widget' };
const served = { name: 'widgets', kind: 'Widget', namespaced: true, verbs: ['get', 'list'] };

describe('discovery', () => {
  test('asks once for a group version, also when many ask at once, and never for a known kind', async () => {
    const server = await startServer(({ url }, response) => {
      if (url.pathname === '/apis/example.com/v1')
        return answer(response, 200, { resources: [{ ...served, name: 'widgets/status' }, served] });
      answer(response, 200, { ...widget, metadata: { name: 'a' } });
    });
    const cluster = await connectTo(server);
    await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: 'shop' });
    await Promise.all(['a', 'b', 'c'].map((name) => cluster.get({ ...widget, name, namespace: 'shop' })));
    expect(await cluster.discover(widget)).toEqual({
      ...widget,
      plural: 'widgets',
      namespaced: true,
      verbs: ['get', 'list'],
    });
    expect(server.received.map(({ url }) => url.pathname)).toEqual([
      '/api/v1/namespaces/shop',
      '/apis/example.com/v1',
      '/apis/example.com/v1/namespaces/shop/widgets/a',
      '/apis/example.com/v1/namespaces/shop/widgets/b',
      '/apis/example.com/v1/namespaces/shop/widgets/c',
    ]);
  });

  test('asks again for what was not served, so that a new CRD is seen', async () => {
    let installed = false;
    const server = await startServer((_, response) => {
      if (installed) answer(response, 200, { resources: [served] });
      else response.writeHead(404).end('404 page not found');
    });
    const cluster = await connectTo(server);
    expect(await cluster.discover(widget)).toBeUndefined();
    const object = { ...widget, metadata: { name: 'a', namespace: 'shop' } };
    await expect(cluster.apply(object, { fieldManager: 'kubewright' })).rejects.toMatchObject({
      code: 'KindNotServed',
    });
    await expect(cluster.get({ ...widget, name: 'a', namespace: 'shop' })).resolves.toBeUndefined();
    await expect(cluster.list(widget)).rejects.toThrow('Widget: list on server');
    installed = true;
    expect(await cluster.discover(widget)).toMatchObject({ plural: 'widgets' });
  });

  test('refresh asks the server even for what is known', async () => {
    const server = await startServer((_, response) => answer(response, 200, { resources: [] }));
    const cluster = await connectTo(server);
    expect(await cluster.discover({ apiVersion: 'v1', kind: 'ConfigMap' })).toBeDefined();
    expect(await cluster.discover({ apiVersion: 'v1', kind: 'ConfigMap' }, { refresh: true })).toBeUndefined();
  });

  test('forgets a kind whose path is gone', async () => {
    let installed = true;
    const server = await startServer(({ url }, response) => {
      if (!installed)
        return answer(response, 404, status(404, 'NotFound', 'could not find the requested resource', {}));
      answer(
        response,
        200,
        url.pathname.endsWith('/v1') ? { resources: [served] } : { ...widget, metadata: { name: 'a' } },
      );
    });
    const cluster = await connectTo(server);
    await cluster.get({ ...widget, name: 'a', namespace: 'shop' });
    installed = false;
    await cluster.get({ ...widget, name: 'a', namespace: 'shop' });
    expect(await cluster.discover(widget)).toBeUndefined();
  });

  test('lists every kind once, in the preferred version of its group, and tells what nobody knows', async () => {
    const resource = (kind: string): object => ({
      resource: `${kind.toLowerCase()}s`,
      responseKind: { kind },
      scope: 'Namespaced',
      verbs: ['list'],
    });
    const server = await startServer(({ url }, response) => {
      const versions =
        url.pathname === '/api'
          ? [{ version: 'v1', resources: [resource('Pod')] }]
          : [
              { version: 'v2', resources: [resource('A')] },
              { version: 'v1', resources: [resource('A'), resource('B')] },
              { version: 'v1beta1', freshness: 'Stale', resources: [resource('C')] },
              { version: 'v1alpha1', freshness: 'Stale' },
            ];
      answer(response, 200, {
        kind: 'APIGroupDiscoveryList',
        items: [{ metadata: url.pathname === '/api' ? {} : { name: 'example.com' }, versions }],
      });
    });
    const unknown: string[] = [];
    const kinds = await (await connectTo(server)).resources({ onUnknown: (apiVersion) => unknown.push(apiVersion) });
    expect(kinds.map(({ apiVersion, kind, plural }) => `${apiVersion} ${kind} ${plural}`)).toEqual([
      'v1 Pod pods',
      'example.com/v2 A as',
      'example.com/v1 B bs',
      'example.com/v1beta1 C cs',
    ]);
    expect(unknown).toEqual(['example.com/v1alpha1']);
  });
});
