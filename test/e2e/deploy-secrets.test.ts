import { type } from 'arktype';
import { afterAll, describe, expect, it } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import { history } from '../../src/deploy/history.ts';
import type { DeployOptions, Mode } from '../../src/deploy/options.ts';
import { plan } from '../../src/deploy/plan.ts';
import { status } from '../../src/deploy/status.ts';
import { toResourceGraph, type Graph } from '../../src/graph/graph.ts';
import { kind, simple } from '../../src/k8s/index.ts';
import { configMap, connectTo, freshName, graphOf, optionsFor } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

const password = 'correct-horse';

interface Container {
  readonly image?: string;
  readonly imagePullPolicy?: string;
  readonly env?: readonly { readonly name: string; readonly value: string }[];
}

let kinds = 0;

/** A Deployment that repeats what is in a Secret, where it should not. */
function repeating(): (container: Container) => Graph {
  kinds += 1;
  const kindName = `Repeats${kinds}`;
  return (container) => {
    const definition = {
      name: kindName.toLowerCase(),
      apiVersion: 'tests.example.com/v1',
      kind: kindName,
      spec: type({}),
      status: type({}),
    };
    return toResourceGraph(definition, () => {
      const annotations = { 'simulate.kubewright.dev/pod': 'image-pull-error' };
      const spec = { containers: [{ name: 'main', image: 'nginx:typo', ...container }] };
      const template = { metadata: { labels: { app: 'web' }, annotations }, spec };
      const web = kind({ apiVersion: 'apps/v1', kind: 'Deployment' })({
        metadata: { name: 'repeating-web' },
        spec: { replicas: 1, selector: { matchLabels: { app: 'web' } }, template },
      } as never);
      return { db: simple.Secret({ name: 'db', stringData: { password, user: 'repeating-web' } }), web } as never;
    }) as never;
  };
}

const optionsIn = (mode: Mode): ReturnType<typeof optionsFor> => ({
  ...optionsFor({ cluster, namespace: freshName('repeats'), mode }),
  timeoutMs: mode === 'kro' ? 25_000 : 5_000,
});

const failureOf = async (graph: Graph, options: DeployOptions): Promise<Error> => {
  const refused = await deploy(graph, options).then(
    () => undefined,
    (error: Error) => error,
  );
  if (!refused) throw new Error('it was deployed');
  return refused;
};

/** Everything that an error shows, to people and to programs. */
const textOf = (error: unknown): string =>
  error instanceof Error
    ? JSON.stringify([
        error.message,
        error.stack,
        error,
        textOf(error.cause),
        (error as { problems?: unknown }).problems,
      ])
    : '';

describe.each<Mode>(['direct', 'kro'])('what a Secret holds, in mode %s', (mode) => {
  it.each<readonly [string, Container, RegExp]>([
    ['what a pod says', { image: `nginx:${password}` }, /pull/i],
    ['what the server refuses', { imagePullPolicy: password }, /Unsupported value/],
  ])('is hidden in %s: events, errors, history, status', async (_title, container, expected) => {
    const options = optionsIn(mode);
    const graph = repeating()(container);
    const refused = await failureOf(graph, options);
    expect(refused.message).toMatch(expected);
    expect(refused.message).toContain('(secret)');
    expect(textOf(refused)).not.toContain(password);
    expect(JSON.stringify(options.events)).not.toContain(password);
    for (const event of options.events)
      if (event.type === 'plan') expect(event.plan.problems.map(textOf).join()).not.toContain(password);
    expect(JSON.stringify(await history(graph, options))).not.toContain(password);
    expect(JSON.stringify((await status(graph, { ...options, why: true })).objects)).not.toContain(password);
    // A name is public, also where a Secret repeats it.
    expect(refused.message).toContain('repeating-web');
  });

  it('is hidden in the fields of a plan', async () => {
    const options = optionsIn(mode);
    const graph = repeating();
    await failureOf(graph({ env: [{ name: 'PASSWORD', value: 'unset' }] }), options);
    const { changes, problems } = await plan(graph({ env: [{ name: 'PASSWORD', value: password }] }), options);
    expect(problems).toEqual([]);
    expect(JSON.stringify(changes)).not.toContain(password);
    expect(JSON.stringify(changes)).toContain('(secret)');
  });
});

it('what a Secret holds is hidden in the drift report', async () => {
  const { namespace } = optionsIn('direct').instance;
  const options = optionsFor({ cluster, namespace: namespace as string });
  const graph = graphOf('drifts', () => ({
    db: simple.Secret({ name: 'db', stringData: { password } }),
    config: simple.ConfigMap({ name: 'config', data: { key: 'value' } }),
  }));
  await deploy(graph, options);
  const edited = { ...configMap, metadata: { name: 'config', namespace }, data: { key: `it is ${password}` } };
  await cluster.apply(edited as never, { fieldManager: 'kubectl-edit', force: true });
  const { drift } = await status(graph, { ...options, drift: true });
  expect(JSON.stringify(drift)).toContain('it is (secret)');
  expect(JSON.stringify(drift)).not.toContain(password);
});
