import { type } from 'arktype';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { history } from '../../src/deploy/history.ts';
import { Journal } from '../../src/deploy/journal.ts';
import type { DeployOptions, Mode } from '../../src/deploy/options.ts';
import { rbac, type Access, type Purpose } from '../../src/deploy/rbac.ts';
import { readRecord } from '../../src/deploy/record.ts';
import { rollback } from '../../src/deploy/rollback.ts';
import { startRun } from '../../src/deploy/run.ts';
import { status } from '../../src/deploy/status.ts';
import { toResourceGraph, type Graph } from '../../src/graph/graph.ts';
import { core, external, simple } from '../../src/k8s/index.ts';
import { configMap, connectTo, freshName, optionsFor, secret } from './deploying.ts';
import {
  forUser,
  holdAll,
  inParallel,
  isCovered,
  leaveLock,
  omissionsOf,
  resourceOf,
  userWith,
  type Omission,
} from './least-privilege.ts';
import { place } from './place.ts';

const admin = await connectTo(place);
afterAll(() => admin.close());

/** A deployment, and what is done with it. */
interface Stage {
  readonly graph: Graph;
  readonly options: DeployOptions;
  readonly access: Access;
}

interface Scenario {
  readonly purpose: Purpose;
  readonly mode: Mode;
  /** What the administrator did before. */
  readonly prepare: (graph: Graph, options: DeployOptions) => Promise<void>;
  /** What the user does. */
  readonly work: (graph: Graph, options: DeployOptions) => Promise<unknown>;
  /** What the optional roles are for. */
  readonly more?: Scenario['work'];
  /** It changes nothing, so one stage is enough for all tries. */
  readonly reads?: true;
  /** Permissions that a test of these commands covers already. */
  readonly covered?: readonly Purpose[];
}

const lazyClass = freshName('lazy');
beforeAll(async () => {
  await admin.create({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: lazyClass },
    provisioner: 'example.com/none',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
});

const kinds = [
  { ...configMap, name: 'config-1' },
  { ...secret, name: 'db-1' },
  { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'data-1' },
];
const sharedMap = (options: DeployOptions): KubernetesObject => ({
  ...configMap,
  metadata: { name: 'shared', namespace: options.instance.namespace as string },
  data: { text: 'hello' },
});
const namespaced = (options: DeployOptions): { readonly namespace: string } => ({
  namespace: options.instance.namespace as string,
});

/** A kind of its own for each deployment: definitions are shared by a whole cluster. */
function graphFor(name: string, version: 1 | 2): Graph {
  const kind = `K${name.replaceAll('-', '')}`;
  return toResourceGraph({ name, apiVersion: 'tests.example.com/v1', kind, spec: type({}), status: type({}) }, () => {
    const shared = external(core.v1.ConfigMap, { name: 'shared' });
    return {
      shared,
      settings: simple.ConfigMap({ name: 'settings', data: { version: String(version) } }),
      copy: simple.ConfigMap({ name: 'copy', data: { from: shared.data['text'] as never } }),
      // Of every kind one that the other version has not.
      config: simple.ConfigMap({ name: `config-${version}`, data: {} }),
      db: simple.Secret({ name: `db-${version}`, stringData: { password: 'correct-horse' } }),
      data: simple.PersistentVolumeClaim({ name: `data-${version}`, size: '1Gi', storageClass: lazyClass }),
    };
  }) as never;
}

async function deployAsAdmin(graph: Graph, options: DeployOptions): Promise<void> {
  await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: options.instance.namespace as string } });
  await admin.create(sharedMap(options));
  await deploy(graph, options);
}

const scenarios: readonly Scenario[] = [
  ...(['direct', 'kro'] as const).map(
    (mode): Scenario => ({
      purpose: 'status',
      mode,
      reads: true,
      async prepare(graph, options) {
        await deployAsAdmin(graph, options);
        // What is missing is looked for by name. In mode kro, kro would make the others again.
        for (const each of mode === 'direct' ? kinds : kinds.filter(({ kind }) => kind === 'Secret'))
          await admin.delete({ ...each, ...namespaced(options) });
      },
      work: status,
      more: (graph, options) => status(graph, { ...options, drift: true, why: true }),
    }),
  ),
  {
    purpose: 'history',
    mode: 'direct',
    reads: true,
    async prepare(graph, options) {
      await deployAsAdmin(graph, options);
      // Of a run that did not end, so that its lock is looked at.
      const run = startRun(graph, options);
      await Journal.begin(run, await readRecord(run), { kinds: [], namespaces: [run.identity.namespace] });
    },
    work: history,
  },
  ...(['direct', 'kro'] as const).map(
    (mode): Scenario => ({
      purpose: 'rollback',
      mode,
      ...(mode === 'kro' && { covered: ['deploy'] }),
      async prepare(graph, options) {
        await deployAsAdmin(graph, options);
        await deploy(graphFor(graph.name, 2), { ...options, pruneAll: true });
        await leaveLock(admin, { name: `kubewright.${graph.name}.it`, ...namespaced(options) });
      },
      async work(graph, options) {
        const release = await holdAll(admin, mode === 'kro' ? [secret] : kinds, [options.instance.namespace as string]);
        try {
          await rollback(graph, { ...options, pruneAll: true });
        } finally {
          await release();
        }
      },
    }),
  ),
  ...(['direct', 'kro'] as const).map(
    (mode): Scenario => ({
      purpose: 'migrate',
      mode,
      covered: ['deploy'],
      prepare: (graph, options) => deployAsAdmin(graph, { ...options, mode: mode === 'kro' ? 'direct' : 'kro' }),
      work: (graph, options) => deploy(graph, { ...options, migrate: true }),
    }),
  ),
];

async function stageOf({ purpose, mode, prepare }: Scenario): Promise<Stage> {
  const namespace = freshName(`${purpose}-${mode}`);
  const graph = graphFor(namespace, 1);
  const options = optionsFor({ cluster: admin, namespace, mode });
  await prepare(graph, options);
  const access = await rbac(graph, { ...options, for: [purpose], serviceAccount: { namespace, name: 'user' } });
  return { graph, options, access };
}

/** What was said to a user with these permissions, or with one verb less. */
async function tryWith(
  { work }: Pick<Scenario, 'work'>,
  { graph, options, access }: Stage,
  omit?: Omission,
): Promise<string> {
  const account = { namespace: freshName('accounts'), name: 'user' };
  await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: account.namespace } });
  const user = await userWith(admin, place, { access: forUser(access, account), account, omit });
  const said: string[] = [];
  const onEvent: DeployOptions['onEvent'] = (event) => {
    if (event.type === 'warning') said.push(event.message);
  };
  try {
    await work(graph, { ...options, cluster: user, onEvent });
  } catch (error) {
    said.push((error as Error).message);
  } finally {
    user.close();
  }
  return said.join('\n');
}

describe.each(scenarios)('least privilege of $purpose in mode $mode', (scenario) => {
  let stage: Stage;
  beforeAll(async () => void (stage = await stageOf(scenario)));

  it('needs every verb, says which one is missing, and works with all of them', { timeout: 300_000 }, async () => {
    const { reads, covered, more } = scenario;
    const known = covered && (await rbac(stage.graph, { ...stage.options, for: covered }));
    const omissions = omissionsOf(stage.access).filter((omit) => !known || !isCovered(known, stage.access, omit));
    const results = await inParallel(omissions, 6, async (omit) => {
      const own = reads ? stage : await stageOf(scenario);
      return { ...omit, resource: resourceOf(own.access, omit) ?? '', said: await tryWith(scenario, own, omit) };
    });
    const unnoticed = results.filter(({ verb, resource, said }) => !said.includes(verb) || !said.includes(resource));
    expect(unnoticed.map(({ said, ...rest }) => ({ ...rest, said: said.slice(0, 300) }))).toEqual([]);
    expect(omissions.length).toBeGreaterThan(1);
    expect(await tryWith(scenario, stage)).toBe('');
    const { access } = stage;
    const whole = { ...access, required: [...access.required, ...access.optional] };
    if (more) expect(await tryWith({ ...scenario, work: more }, { ...stage, access: whole })).toBe('');
  });
});

it.each([
  { definition: true, stays: false },
  { definition: false, stays: true },
])(
  'a rollback with definition: $definition deletes one that it does not need any more',
  async ({ definition, stays }) => {
    const namespace = freshName('obsolete');
    const inner = graphFor(`${namespace}-inner`, 1);
    const outer = (more: boolean): Graph =>
      toResourceGraph(
        {
          name: namespace,
          apiVersion: 'tests.example.com/v1',
          kind: `O${namespace.replaceAll('-', '')}`,
          spec: type({}),
        },
        () => ({
          settings: simple.ConfigMap({ name: 'own', data: { more: String(more) } }),
          ...(more && { part: inner.instance({}, { name: 'part' }) }),
        }),
      ) as never;
    const options = optionsFor({ cluster: admin, namespace, mode: 'kro' });
    await deployAsAdmin(outer(false), options);
    await deploy(outer(true), options);
    const access = await rbac(outer(true), {
      ...options,
      for: ['rollback'],
      definition,
      serviceAccount: { namespace, name: 'user' },
    });
    const said = await tryWith({ work: rollback }, { graph: outer(true), options, access });
    const found = await admin.get({
      apiVersion: 'kro.run/v1alpha1',
      kind: 'ResourceGraphDefinition',
      name: inner.name,
    });
    expect(found !== undefined).toBe(stays);
    expect(said).toBe('');
  },
);
