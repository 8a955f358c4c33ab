import { type } from 'arktype';
import { afterAll, describe, expect, it } from 'vitest';
import type { Cluster, KubernetesObject, LogOptions, OwnerReference } from '../../src/cluster/cluster.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import type { ExpressionReason, Mode, ObjectState, StatusResult } from '../../src/deploy/options.ts';
import { status } from '../../src/deploy/status.ts';
import { toResourceGraph, type Graph } from '../../src/graph/graph.ts';
import { Cel } from '../../src/expr/cel.ts';
import { kind, simple } from '../../src/k8s/index.ts';
import { connectTo, freshName, graphOf, optionsFor, widgetDefinition } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

const password = 'correct-horse';

/** The same cluster with a kubelet that keeps logs: the simulated one has none. */
function withLogs(lines: readonly string[]): { readonly place: Cluster; readonly asked: LogOptions[] } {
  const asked: LogOptions[] = [];
  const place = new Proxy(cluster, {
    get: (target, name) => {
      if (name === 'logs')
        return (_pod: object, options: LogOptions) => {
          asked.push(options);
          return Promise.resolve(lines.slice(-(options.tailLines ?? lines.length)).join('\n'));
        };
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return { place, asked };
}

/** Definitions are shared by a whole cluster, so each graph has a name and a kind of its own. */
const named = (name: string): { name: string; kind: string } => ({ name, kind: `W${name.replaceAll('-', '')}` });

const objectOf = ({ objects }: StatusResult, label: string): ObjectState | undefined =>
  objects.find((each) => each.label === label);

const failing = (pod: string, name: string): Graph => ({
  ...graphOf('why', () => {
    const annotations = { 'simulate.kubewright.dev/pod': pod };
    const spec = { containers: [{ name: 'main', image: 'nginx:typo' }] };
    const template = { metadata: { labels: { app: 'web' }, annotations }, spec };
    const web = kind({ apiVersion: 'apps/v1', kind: 'Deployment' })({
      metadata: { name: 'web' },
      spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template },
    } as never);
    return { web, db: simple.Secret({ name: 'db', stringData: { password } }) };
  }),
  ...named(name),
});

// kro takes its time for a definition.
const limits: Readonly<Record<Mode, number>> = { direct: 3_000, kro: 8_000 };

describe('status --why', () => {
  it.each<readonly [Mode, string, string, RegExp]>([
    [
      'direct',
      'an image that cannot be pulled',
      'image-pull-error',
      /pod web-\S+: container main: ImagePullBackOff: Back-off pulling image/,
    ],
    [
      'direct',
      'a container that crashes',
      'crash-loop',
      /pod web-\S+: container main: CrashLoopBackOff: back-off .* \(last exit code 1\)/,
    ],
    ['direct', 'a probe that fails', 'not-ready', /pod web-\S+: ContainersNotReady/],
    [
      'kro',
      'a container that crashes',
      'crash-loop',
      /pod web-\S+: container main: CrashLoopBackOff: back-off .* \(last exit code 1\)/,
    ],
  ])('mode %s, %s: pods, warnings, exit code, last log lines without Secrets', async (mode, _title, pod, expected) => {
    const log = [...Array.from({ length: 30 }, (_, index) => `line ${index}`), `cannot log in with ${password}`];
    const { place, asked } = withLogs(log);
    const name = freshName('why');
    const options = { ...optionsFor({ cluster: place, namespace: name, mode }), timeoutMs: limits[mode] };
    const graph = failing(pod, name);
    const refused = (await deploy(graph, options).catch((error: Error) => error.message)) as string;
    expect(refused).not.toContain(password);
    const patient = { ...options, timeoutMs: 30_000 };
    const why = async (): Promise<StatusResult> => status(graph, { ...patient, why: true });
    await expect
      .poll(async () => objectOf(await why(), 'web')?.details?.join('\n'), { timeout: 20_000 })
      .toMatch(expected);
    const found = await why();
    const web = objectOf(found, 'web');
    expect(objectOf(found, 'db')).toMatchObject({ state: 'ready' });
    expect(web?.details?.filter((line) => line.startsWith('pod '))).toHaveLength(2);
    if (pod !== 'image-pull-error') {
      expect(web?.details).toContain('  | cannot log in with (secret)');
      expect(web?.details?.filter((line) => line.startsWith('  | '))).toHaveLength(2 * 20);
    }
    // What ended a container is in the log from before its restart.
    const wanted = { container: 'main', tailLines: 20, previous: pod === 'crash-loop' };
    expect(asked.every((options) => options.tailLines === 20)).toBe(true);
    if (pod === 'image-pull-error') expect(asked).toEqual([]);
    else expect(asked).toContainEqual(expect.objectContaining(wanted));
    expect(JSON.stringify(found.objects)).not.toContain(password);
    expect(objectOf(await status(graph, patient), 'web')).not.toHaveProperty('details');
  });

  it('a quota that lets no pod be created', async () => {
    const options = { ...optionsFor({ cluster, namespace: freshName('why') }), timeoutMs: 3_000 };
    const { namespace = '' } = options.instance;
    await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'no-pods', namespace } };
    await cluster.create({ ...quota, spec: { hard: { pods: '0' } } });
    const admitted = async (): Promise<unknown> =>
      (await cluster.get({ ...quota, name: 'no-pods', namespace }))?.['status'];
    await expect.poll(admitted, { timeout: 20_000 }).toMatchObject({ used: { pods: '0' } });
    const graph = failing('not-ready', namespace);
    await deploy(graph, options).catch(() => undefined);
    const [web] = (await status(graph, { ...options, timeoutMs: 20_000, why: true })).objects;
    expect(web).toMatchObject({ state: 'waiting', reason: expect.stringMatching(/exceeded quota: no-pods/) });
    // The ReplicaSet in between was told too.
    expect(web?.details?.join('\n')).toMatch(
      /FailedCreate: Error creating: pods "web-\S+" is forbidden: exceeded quota/,
    );
  });

  it('an admission policy that lets no pod be created', async () => {
    const options = { ...optionsFor({ cluster, namespace: freshName('why') }), timeoutMs: 5_000 };
    const { namespace = '' } = options.instance;
    await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await forbidPods(namespace);
    const graph = failing('not-ready', namespace);
    await expect(deploy(graph, options)).rejects.toThrow(/FailedCreate.*pods "web-.*denied request: no pods here/s);
    const [web] = (await status(graph, { ...options, timeoutMs: 20_000, why: true })).objects;
    expect(web).toMatchObject({ state: 'waiting', reason: expect.stringMatching(/denied request: no pods here/) });
    expect(web?.details?.join('\n')).toMatch(
      /FailedCreate: Error creating: pods "web-\S+" is forbidden: .*no pods here/,
    );
  });

  it('pods behind a custom resource, over kinds that nobody told about', async () => {
    const { place, asked } = withLogs(['starting']);
    const namespace = freshName('why');
    const options = { ...optionsFor({ cluster: place, namespace }), timeoutMs: 20_000 };
    const [group, other] = [`${freshName('g')}.example.com`, `${freshName('g')}.example.com`] as const;
    const conditions = { 'x-kubernetes-preserve-unknown-fields': true, type: 'object' };
    const graph = graphOf('custom', () => ({
      definition: widgetDefinition(group, { status: conditions }),
      more: widgetDefinition(other),
      widget: kind({ apiVersion: `${group}/v1`, kind: 'Widget' })({ metadata: { name: 'w' } }),
    }));
    await deploy(graph, options);
    const widget = { apiVersion: `${group}/v1`, kind: 'Widget', name: 'w', namespace };
    const body = { status: { conditions: [{ type: 'Ready', status: 'False', reason: 'NotYet' }] } };
    const head = await cluster.patch(widget, { type: 'merge', body }, { subresource: 'status', fieldManager: 'it' });
    const part = await cluster.create({
      apiVersion: `${other}/v1`,
      kind: 'Widget',
      metadata: { name: 'part', namespace, ownerReferences: [ownerOf(head)] },
    });
    const annotations = { 'simulate.kubewright.dev/pod': 'crash-loop' };
    for (const [name, owner] of [['mine', ownerOf(part)] as const, ['theirs', undefined] as const])
      await cluster.create({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace, annotations, ...(owner && { ownerReferences: [owner] }) },
        spec: { containers: [{ name: 'main', image: 'nginx' }] },
      });
    const details = async (): Promise<string | undefined> =>
      objectOf(await status(graph, { ...options, why: true }), 'widget')?.details?.join('\n');
    await expect
      .poll(details, { timeout: 20_000 })
      .toMatch(/pod mine: container main: CrashLoopBackOff[^]*\| starting/);
    expect(await details()).not.toMatch(/theirs/);
    expect(asked).toContainEqual(expect.objectContaining({ previous: true }));
  });

  const fieldsOf = (result: StatusResult): Record<string, ExpressionReason> =>
    Object.fromEntries(
      (result.expressions ?? []).map((each) => [[each.path, each.field].filter(Boolean).join(' '), each]),
    );

  it.each(['direct', 'kro'] as const)(
    'mode %s: expressions of the status, readyWhen and includeWhen, part by part',
    async (mode) => {
      const name = freshName('explained');
      const definition = {
        ...named(name),
        apiVersion: 'tests.example.com/v1',
        spec: type({ debug: 'boolean', wanted: 'number.integer' }),
        status: type({ 'healthy?': 'boolean', 'address?': 'string', 'secret?': 'string', 'name?': 'string' }),
      };
      const graph = toResourceGraph(
        definition,
        (schema) => {
          const web = simple.Deployment({ name: 'web', image: 'nginx', replicas: 1 });
          const db = simple.Secret({ name: 'db', stringData: { password } });
          const front = simple.Service({ name: 'front', ports: [{ port: 80 }], selector: { app: 'web' } });
          return {
            web,
            db,
            front,
            flags: simple.ConfigMap(
              { name: 'flags', data: { phase: 'starting' } },
              { readyWhen: (self) => Cel.expr<boolean>(self.data, "['phase'] == 'done'") },
            ),
            debug: simple.ConfigMap(
              { name: 'debug', data: {} },
              { includeWhen: schema.spec.debug.and(schema.spec.wanted.gt(0)) },
            ),
          } as never;
        },
        (schema, resources: never) => {
          const { web, front, db } = resources as Record<string, never>;
          return {
            healthy: Cel.expr<boolean>(field(web, 'status', 'readyReplicas'), ' == ', schema.spec.wanted),
            address: Cel.template(
              'http://%s',
              Cel.expr<string>(field(front, 'status', 'loadBalancer'), '.ingress[0].ip'),
            ),
            secret: Cel.expr<string>("'is ' + string(", field(db, 'data', 'password'), ')'),
            name: field(web, 'metadata', 'name'),
          };
        },
      );
      const options = optionsFor({ cluster, namespace: name, mode, spec: { debug: false, wanted: 3 } });
      await deploy(graph, { ...options, timeoutMs: limits[mode] }).catch(() => undefined);
      const result = await status(graph, { ...options, why: true });
      const found = fieldsOf(result);
      expect(Object.keys(found).sort()).toEqual(
        ['debug includeWhen', 'flags readyWhen', 'status.address', 'status.healthy', 'status.secret'].sort(),
      );
      expect(found['status.healthy']).toMatchObject({
        value: false,
        parts: [
          { expression: 'web.status.readyReplicas', value: 1 },
          { expression: 'schema.spec.wanted', value: 3 },
        ],
      });
      expect(found['status.address']).toMatchObject({ error: expect.stringContaining('ingress') });
      expect(found['flags readyWhen']).toMatchObject({ value: false, parts: [{ value: 'starting' }] });
      expect(found['debug includeWhen']).toMatchObject({
        value: false,
        parts: expect.arrayContaining([{ expression: 'schema.spec.debug', value: false, parts: [] }]),
      });
      expect(found['status.secret']).toMatchObject({ value: 'is (secret)' });
      expect(JSON.stringify(result.expressions)).not.toContain(password);
      expect(JSON.stringify(result.expressions)).not.toContain(Buffer.from(password).toString('base64'));
      expect(await status(graph, options)).not.toHaveProperty('expressions');
    },
  );
});

describe('status with kro', () => {
  it('names what kro could not make, and a definition that it does not serve any more', async () => {
    const name = freshName('refused');
    const graph: Graph = {
      ...graphOf('refused', () => ({
        good: simple.ConfigMap({ name: 'good', data: {} }),
        bad: simple.ConfigMap({ name: 'Not-A-Name', data: {} }),
      })),
      ...named(name),
    };
    const options = optionsFor({ cluster, namespace: name, mode: 'kro' });
    await expect(deploy(graph, options)).rejects.toThrow(/Not-A-Name/);
    const found = await status(graph, options);
    expect(found.objects.map(({ label, state }) => [label, state])).toEqual([
      ['instance it', 'waiting'],
      ['good', 'ready'],
      ['bad', 'missing'],
    ]);
    expect(found.objects[0]?.reason).toMatch(/Not-A-Name/);
    const definition = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name };
    const body = { spec: { schema: { status: { wrong: '${nobody.metadata.name}' } } } } as never;
    await cluster.patch(definition, { type: 'merge', body }, { fieldManager: 'kubectl-edit' });
    await expect
      .poll(async () => objectOf(await status(graph, options), `definition ${name}`), { timeout: 15_000 })
      .toMatchObject({ state: 'failed', reason: expect.stringMatching(/nobody/) });
  });

  it('says of conditions of an author what kro says, where they hide its own', async () => {
    const name = freshName('hides');
    const graph: Graph = toResourceGraph(
      { ...named(name), apiVersion: 'tests.example.com/v1', spec: type({}) },
      () => ({
        gate: simple.ConfigMap({ name: 'gate', data: {} }, { readyWhen: (self) => self.metadata.name.eq('never') }),
      }),
      undefined,
      (_schema, { gate }) => [{ type: 'Named', status: gate.metadata.name.eq('gate') }],
    ) as never;
    const options = { ...optionsFor({ cluster, namespace: name, mode: 'kro' }), timeoutMs: limits.kro };
    await expect(deploy(graph, options)).rejects.toThrow();
    const { objects } = await status(graph, { ...options, why: true });
    expect(objects[0]).toMatchObject({ label: 'instance it', state: 'waiting', reason: 'state IN_PROGRESS' });
  });
});

function ownerOf({ apiVersion, kind: of, metadata }: KubernetesObject): OwnerReference {
  return { apiVersion, kind: of, name: metadata.name, uid: metadata.uid ?? '' };
}

/** Lets nobody create pods in a namespace, and waits until that is so. */
async function forbidPods(namespace: string): Promise<void> {
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const name = `no-pods-${namespace}`;
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': namespace } };
  await cluster.create({
    apiVersion,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
    spec: {
      matchConstraints: { namespaceSelector, resourceRules: [rule] },
      validations: [{ expression: 'false', message: 'no pods here' }],
    },
  });
  await cluster.create({
    apiVersion,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name },
    spec: { policyName: name, validationActions: ['Deny'] },
  });
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'probe', namespace } };
  const spec = { containers: [{ name: 'main', image: 'nginx' }] };
  const refused = async (): Promise<string> =>
    cluster.create({ ...pod, spec }, { dryRun: true }).then(
      () => 'created',
      (error: Error) => error.message,
    );
  await expect.poll(refused, { timeout: 20_000 }).toMatch(/no pods here/);
}

function field(object: unknown, ...names: readonly string[]): never {
  return names.reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], object) as never;
}
