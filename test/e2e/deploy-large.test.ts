import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import { history } from '../../src/deploy/history.ts';
import { plan } from '../../src/deploy/plan.ts';
import { rollback } from '../../src/deploy/rollback.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { kind, simple } from '../../src/k8s/index.ts';
import {
  configMap,
  connectTo,
  freshName,
  graphOf,
  namesIn,
  optionsFor,
  secret,
  widgetDefinition,
} from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

const MiB = 1024 * 1024;
/** Text that does not compress, of so many bytes. */
const text = (bytes: number): string => randomBytes((bytes * 3) / 4).toString('base64');
const widget = { apiVersion: `${freshName('large')}.example.com/v1`, kind: 'Widget' };
const [group = ''] = widget.apiVersion.split('/');
const notes = { notes: { type: 'string' } };

beforeAll(async () => {
  const options = optionsFor({ cluster, namespace: freshName('large') });
  await deploy(
    graphOf('definition', () => ({ definition: widgetDefinition(group, notes) })),
    options,
  );
});

/** One object beside two small ones. */
const withLarge = (large: () => unknown): Graph =>
  graphOf('large', () => ({
    first: simple.ConfigMap({ name: 'first', data: {} }),
    large: large() as never,
    last: simple.ConfigMap({ name: 'last', data: {} }),
  }));
const widgetOf = (content: string): unknown => kind(widget)({ metadata: { name: 'large' }, notes: content } as never);

describe('an object that is too large', () => {
  it.each<[string, () => unknown, RegExp]>([
    [
      'a ConfigMap of 3 MB',
      () => simple.ConfigMap({ name: 'large', data: { key: text(2.9 * MiB) } }),
      /^large.*: ConfigMap \S+\/large is refused: .*may not be more than 1048576 bytes/,
    ],
    [
      'a ConfigMap of 4 MB',
      () => simple.ConfigMap({ name: 'large', data: { key: text(4 * MiB) } }),
      /^large.*: ConfigMap \S+\/large is refused: .*limit is 3145728/,
    ],
    [
      'a Secret of 2 MB',
      () => simple.Secret({ name: 'large', stringData: { key: text(2 * MiB) } }),
      /^large.*: Secret \S+\/large is refused: .*may not be more than 1048576 bytes/,
    ],
  ])('%s is refused by name; the others are made, and the record lives on', async (_name, large, said) => {
    const options = optionsFor({ cluster, namespace: freshName('large') });
    const graph = withLarge(large);
    await deploy(
      graphOf('large', () => ({ old: simple.ConfigMap({ name: 'old', data: {} }) })),
      options,
    );
    const { problems } = await plan(graph, options);
    expect(problems.map(({ message }) => message)).toEqual([expect.stringMatching(said)]);
    await expect(deploy(graph, options)).rejects.toThrow(said);
    const { namespace } = options.instance;
    expect(await namesIn(cluster, namespace as string, configMap)).toEqual(['first', 'last', 'old']);
    const { revisions } = await history(graph, options);
    expect(revisions[0]).toMatchObject({ result: 'failed', reason: expect.stringMatching(/large.*is refused/) });
    await deploy(
      withLarge(() => simple.ConfigMap({ name: 'large', data: { key: 'less' } })),
      options,
    );
    expect(await namesIn(cluster, namespace as string, configMap)).toEqual(['first', 'large', 'last']);
  });

  it.each([
    [1.6, /^large: Widget \S+\/large is refused: etcdserver: request is too large/],
    [2.5, /^large: Widget \S+\/large is refused: .*trying to send message larger than max/],
  ])('only where it is stored, a custom resource of %s MiB, is warned about and refused', async (size, said) => {
    const options = optionsFor({ cluster, namespace: freshName('large') });
    const graph = withLarge(() => widgetOf(text(size * MiB)));
    const { problems, warnings } = await plan(graph, options);
    expect([problems, warnings]).toEqual([
      [],
      [
        expect.stringMatching(
          new RegExp(`^large: Widget \\S+/large takes ${size} MiB, and a server stores no more than 1\\.5 MiB`),
        ),
      ],
    ]);
    await expect(deploy(graph, options)).rejects.toThrow(said);
    expect(await namesIn(cluster, options.instance.namespace as string, configMap)).toEqual(['first', 'last']);
  });

  it('of several is said with the others', async () => {
    const options = optionsFor({ cluster, namespace: freshName('large') });
    const graph = graphOf('large', () => ({
      one: simple.ConfigMap({ name: 'one', data: { key: text(3 * MiB) } }),
      two: simple.ConfigMap({ name: 'two', data: { 'no key': 'x' } }),
      three: simple.ConfigMap({ name: 'three', data: {} }),
    }));
    await expect(deploy(graph, options)).rejects.toThrow(/one.*is refused.*\n.*two.*is refused/s);
    expect(await namesIn(cluster, options.instance.namespace as string, configMap)).toEqual(['three']);
  });
});

describe('an object of more than 1 MiB that a server takes', () => {
  it('is deployed, changed, restored and destroyed; its record is kept in parts', async () => {
    const options = optionsFor({ cluster, namespace: freshName('large') });
    const { namespace } = options.instance;
    const [one, two] = [text(1.3 * MiB), text(1.3 * MiB)];
    const graphs = [one, two].map((content) => withLarge(() => widgetOf(content))) as [Graph, Graph];
    for (const graph of graphs) await deploy(graph, options);
    expect((await deploy(graphs[1], options)).writes).toBe(0);
    const chunks = (await cluster.list({ ...secret, namespace })).items.filter(
      (item) => item['type'] === 'kubewright.dev/record-chunk',
    );
    expect(chunks.length).toBeGreaterThanOrEqual(4);
    await rollback(graphs[1], options);
    expect((await cluster.get({ ...widget, name: 'large', namespace }))?.['notes']).toBe(one);
    await destroy(graphs[1], options);
    expect(await namesIn(cluster, namespace as string, secret)).toEqual([]);
  });
});
