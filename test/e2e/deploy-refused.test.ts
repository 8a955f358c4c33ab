import { afterAll, describe, expect, it } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import { plan } from '../../src/deploy/plan.ts';
import type { KubewrightError } from '../../src/errors.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { kind, simple } from '../../src/k8s/index.ts';
import { configMap, connectTo, freshName, graphOf, namesIn, optionsFor, widgetDefinition } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

const long = 'x'.repeat(300);
const here = String.raw`\(.*:\d+:\d+\)`;
const of = (
  type: { apiVersion: string; kind: string; namespaced?: boolean },
  metadata: object,
  body: object = {},
): unknown => kind(type as never)({ metadata, ...body } as never);

describe('an object that the server refuses: its place, the reason, and the others are made', () => {
  it.each<readonly [string, () => unknown, string]>([
    [
      'a name with capitals',
      () => of(configMap, { name: 'UPPER' }),
      String.raw`^bad metadata\.name: ConfigMap .*/UPPER is refused: .*lowercase RFC 1123.*${here}`,
    ],
    [
      'a name that is too long',
      () => of(configMap, { name: long }),
      String.raw`^bad metadata\.name: .* is refused: .*must be no more than 253`,
    ],
    [
      'a label value that is too long',
      () => of(configMap, { name: 'a', labels: { team: long } }),
      String.raw`^bad metadata\.labels: .* is refused: .*must be no more than 63`,
    ],
    [
      'a label name with a space',
      () => of(configMap, { name: 'a', labels: { 'a b': 'c' } }),
      String.raw`^bad metadata\.labels: .* is refused: .*"a b": name part must consist of`,
    ],
    [
      '3 MB of data',
      () => of(configMap, { name: 'a' }, { data: { big: 'x'.repeat(3_000_000) } }),
      String.raw`^bad: ConfigMap .*/a is refused: .*may not be more than 1048576 bytes.*${here}`,
    ],
    [
      'values out of range',
      () => of({ apiVersion: 'v1', kind: 'Service' }, { name: 'a' }, { spec: { ports: [{ port: 70_000 }] } }),
      String.raw`^bad spec\.ports\[0\]\.port: .* is refused: .*between 1 and 65535`,
    ],
  ])('%s', async (_title, resource, expected) => {
    const options = optionsFor({ cluster, namespace: freshName('refused') });
    const graph = graphOf(
      'refused',
      () => ({ bad: resource(), good: simple.ConfigMap({ name: 'good', data: {} }) }) as never,
    );
    await expect(deploy(graph, options)).rejects.toThrow(new RegExp(expected, 's'));
    expect(await namesIn(cluster, options.instance.namespace as string, configMap)).toEqual(['good']);
  });

  it('all of them are listed, and the plan lists them too', async () => {
    const options = optionsFor({ cluster, namespace: freshName('refused') });
    const names = ['One', 'Two', 'Three'];
    const graph = graphOf('refused', () => {
      const bad = names.map((name) => [name.toLowerCase(), simple.ConfigMap({ name, data: {} })] as const);
      return { ...Object.fromEntries(bad), good: simple.ConfigMap({ name: 'good', data: {} }) };
    });
    const refused = (await deploy(graph, options).catch((error: Error) => error.message)) as string;
    expect(refused).toContain('3 problems');
    for (const name of names) expect(refused).toContain(`${name.toLowerCase()} metadata.name: ConfigMap`);
    const planned = await plan(graph, options);
    expect(planned.problems).toHaveLength(3);
    expect(planned.changes.find(({ label }) => label === 'good')).toMatchObject({ action: 'unchanged' });
  });
});

describe('what is refused before anything is written', () => {
  it.each<readonly [string, () => unknown, string]>([
    [
      'an unknown field of a built-in kind, when the graph is made',
      () => of({ apiVersion: 'apps/v1', kind: 'Deployment' }, { name: 'web' }, { spec: { replcas: 1 } }),
      String.raw`bad spec\.replcas: is not a field of this kind.*Did you mean "replicas"\?`,
    ],
    [
      'a kind that is not served',
      () => of({ apiVersion: 'apps/v1', kind: 'Deploymnt' }, { name: 'a' }),
      String.raw`^bad: the server does not serve apps/v1 Deploymnt\. Check apiVersion and kind`,
    ],
    [
      'a namespace for a kind of the whole cluster',
      () => of({ apiVersion: 'v1', kind: 'Namespace' }, { name: 'a', namespace: 'b' }),
      String.raw`^bad metadata\.namespace: Namespace belongs to the whole cluster, and this one names a namespace.*${here}\. Leave metadata\.namespace out`,
    ],
    [
      'no namespace for a kind that lives in one',
      () => of({ ...configMap, namespaced: false }, { name: 'a' }),
      'ConfigMap a metadata.namespace: is missing, and ConfigMap is a namespaced kind. Give the namespace.',
    ],
  ])('%s', async (_title, resource, expected) => {
    const options = optionsFor({ cluster, namespace: freshName('refused') });
    const make = (): Graph => graphOf('refused', () => ({ bad: resource() }) as never);
    await expect((async () => deploy(make(), options))()).rejects.toThrow(new RegExp(expected, 's'));
    const namespace = { apiVersion: 'v1', kind: 'Namespace', name: options.instance.namespace as string };
    expect(await cluster.get(namespace)).toBeUndefined();
  });
});

describe('a namespace that nobody makes', () => {
  it('is refused before anything is written, by plan and deploy alike', async () => {
    const options = optionsFor({ cluster, namespace: freshName('refused') });
    const elsewhere = freshName('nowhere');
    const graph = (value: string, others: readonly string[] = []): Graph =>
      graphOf('refused', () => ({
        settings: simple.ConfigMap({ name: 'settings', data: { value } }),
        ...Object.fromEntries(
          others.map((namespace, index) => [`other${index}`, of(configMap, { name: 'other', namespace })]),
        ),
      }));
    await deploy(graph('one'), options);
    const says = new RegExp(
      String.raw`^other0 metadata\.namespace: ConfigMap ${elsewhere}\S*/other cannot be made, as Namespace ${elsewhere}\S* does not exist ${here}\. Check the name`,
    );
    for (const others of [[elsewhere], Array.from({ length: 9 }, (_, index) => `${elsewhere}-${index}`)]) {
      const { problems } = await plan(graph('two', others), options);
      expect(problems.map(({ message }) => message)).toContainEqual(expect.stringMatching(says));
      const refused = (await deploy(graph('two', others), options).catch((error: unknown) => error)) as KubewrightError;
      const single = refused.problems.length > 0 ? refused.problems : [refused];
      expect(single.map(({ message }) => message).sort()).toEqual(problems.map(({ message }) => message).sort());
    }
    const ref = { ...configMap, name: 'settings', namespace: options.instance.namespace as string };
    expect(await cluster.get(ref)).toMatchObject({ data: { value: 'one' } });
  });

  it('is none where the graph makes it', async () => {
    const options = optionsFor({ cluster, namespace: freshName('refused') });
    const elsewhere = freshName('made');
    const graph = graphOf('refused', () => ({
      space: of({ apiVersion: 'v1', kind: 'Namespace', namespaced: false }, { name: elsewhere }) as never,
      inside: of(configMap, { name: 'inside', namespace: elsewhere }) as never,
    }));
    await deploy(graph, options);
    expect(await namesIn(cluster, elsewhere, configMap)).toEqual(['inside']);
    await destroy(graph, options);
  });
});

describe('unknown fields of a custom resource', () => {
  it('are named with the nearest name of its definition', async () => {
    const group = `${freshName('g')}.example.com`;
    const options = optionsFor({ cluster, namespace: freshName('refused') });
    const graph = (spec: object): Graph =>
      graphOf('refused', () => ({
        definition: widgetDefinition(group),
        bad: kind({ apiVersion: `${group}/v1`, kind: 'Widget' })({ metadata: { name: 'w' }, spec } as never),
      }));
    await expect(deploy(graph({ siez: 1 }), options)).rejects.toThrow(
      new RegExp(
        String.raw`^bad spec\.siez: the server knows no such field of Widget .*/w ${here}\. Did you mean "size"\?`,
      ),
    );
    const problems = (await plan(graph({ color: 'red' }), options)).problems.map(({ message }) => message);
    expect(problems).toEqual([expect.stringMatching(/^bad spec\.color: .* Remove it, or update the definition/)]);
    await deploy(graph({ size: 1 }), options);
    await destroy(graph({ size: 1 }), options);
  });
});
