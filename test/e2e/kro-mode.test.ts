import { type } from 'arktype';
import { afterAll, describe, expect, it } from 'vitest';
import type { ObjectReference } from '../../src/cluster/cluster.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import { plan } from '../../src/deploy/plan.ts';
import { Cel } from '../../src/expr/cel.ts';
import { toResourceGraph, type Graph } from '../../src/graph/graph.ts';
import { core } from '../../src/k8s/index.ts';
import { configMap, connectTo } from './deploying.ts';
import { withKro } from './kro-graphs.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());
const { options } = withKro(cluster);

describe('conditions of an author', () => {
  it('without Ready are warned about, as everything waits for that', async () => {
    const graph = toResourceGraph(
      { name: 'hidden', apiVersion: 'modes.example.com/v1', kind: 'Hidden', spec: type({ text: 'string' }) },
      () => ({ config: core.v1.ConfigMap({ metadata: { name: 'config' } }) }),
      undefined,
      (schema) => [{ type: 'Available', status: schema.spec.text.ne('') }],
    ) as never as Graph;
    const chosen = options('hidden');
    const { warnings } = await plan(graph, chosen);
    expect(warnings).toEqual([
      "ResourceGraphDefinition hidden: the conditions of Hidden are without Ready, for which kubectl wait and GitOps tools wait; Cel.runtime.condition(schema, 'Ready') keeps kro's",
    ]);
    const { status } = await deploy(graph, chosen);
    expect(status).toEqual({ conditions: [{ type: 'Available', status: 'True' }] });
    await destroy(graph, { ...chosen, definition: true });
  });
});

describe('what an instance waits for', () => {
  it('is told with our ids and the lines of the stack', async () => {
    const graph = toResourceGraph(
      { name: 'waiting', apiVersion: 'modes.example.com/v1', kind: 'WaitingFor', spec: type({ text: 'string' }) },
      ({ spec }) => {
        const gate = core.v1.ConfigMap(
          { metadata: { name: 'gate' }, data: { text: spec.text } },
          { readyWhen: (self) => self.metadata.name.eq('never') },
        );
        return { gate, after: core.v1.ConfigMap({ metadata: { name: 'after' }, data: { from: gate.metadata.name } }) };
      },
    ) as never as Graph;
    const chosen = options('waits', { timeoutMs: 8_000 });
    await expect(deploy(graph, chosen)).rejects.toThrow(
      /waiting for node "gate".* \(gate: .*kro-mode\.test\.ts:\d+:\d+\)/,
    );
    await destroy(graph, { ...options('x'), instance: chosen.instance, definition: true });
  });
});

describe('what kro is about to delete', () => {
  it('fails no deployment, however it does, and is waited for', async () => {
    const graph = toResourceGraph(
      { name: 'leaving', apiVersion: 'modes.example.com/v1', kind: 'Leaving', spec: type({ fails: 'boolean' }) },
      ({ spec }) => ({
        config: core.v1.ConfigMap({ metadata: { name: 'config' } }),
        pod: core.v1.Pod(
          {
            metadata: { name: 'pod', annotations: { 'simulate.kubewright.dev/pod': 'fail' } },
            spec: { containers: [{ name: 'it', image: 'nginx' }] },
          },
          { includeWhen: spec.fails },
        ),
      }),
    ) as never as Graph;
    const chosen = options('leaving');
    const { name, namespace = '' } = chosen.instance;
    const deployed = (fails: boolean): Promise<unknown> =>
      deploy(graph, { ...chosen, instance: { name, namespace, spec: { fails } } });
    await expect(deployed(true)).rejects.toThrow(/pod: Pod .* does not become ready: phase Failed/);
    const pod = { apiVersion: 'v1', kind: 'Pod', name: 'pod', namespace };
    // kro takes its time here.
    const allow = await forbidDeletion(pod);
    const removed = deployed(false);
    await new Promise((done) => setTimeout(done, 1_000));
    await allow();
    await removed;
    expect(await cluster.get(pod)).toBeUndefined();
    await destroy(graph, { ...chosen, definition: true });
  });
});

/** Lets nobody delete pods of a namespace until what is returned is called. */
async function forbidDeletion(pod: ObjectReference & { readonly namespace: string }): Promise<() => Promise<void>> {
  const name = `keeps-pods-${pod.namespace}`;
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const policy = { apiVersion, kind: 'ValidatingAdmissionPolicy', metadata: { name } };
  const binding = { apiVersion, kind: 'ValidatingAdmissionPolicyBinding', metadata: { name } };
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['DELETE'], resources: ['pods'] };
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': pod.namespace } };
  await cluster.create({
    ...policy,
    spec: { matchConstraints: { namespaceSelector, resourceRules: [rule] }, validations: [{ expression: 'false' }] },
  });
  await cluster.create({ ...binding, spec: { policyName: name, validationActions: ['Deny'] } });
  const isForbidden = (): Promise<boolean> =>
    cluster.delete(pod, { dryRun: true }).then(
      () => false,
      () => true,
    );
  await expect.poll(isForbidden, { timeout: 20_000 }).toBe(true);
  return async () => {
    for (const { kind } of [binding, policy]) await cluster.delete({ apiVersion, kind, name });
  };
}

describe('what only an object has', () => {
  it('is read only where it is an object', async () => {
    const graph = toResourceGraph(
      { name: 'uid-reader', apiVersion: 'modes.example.com/v1', kind: 'UidReader', spec: type({ text: 'string' }) },
      () => ({
        config: core.v1.ConfigMap({
          metadata: { name: 'config' },
          data: { uid: Cel.expr<string>('schema.metadata.uid') },
        }),
      }),
    ) as never as Graph;
    await expect(deploy(graph, options('uid', { mode: 'direct' }))).rejects.toThrow(
      'config: reads schema.metadata.uid, and in mode direct the instance is no object that has one. Make it from',
    );
    const chosen = options('uid');
    await deploy(graph, chosen);
    const { namespace } = chosen.instance;
    const config = await cluster.get({ ...configMap, name: 'config', namespace });
    expect(config?.['data']).toEqual({ uid: config?.metadata.labels?.['kro.run/instance-id'] });
    await destroy(graph, { ...chosen, definition: true });
  });
});

describe('an expression without a value', () => {
  it('is written as null in both modes: a key of a ConfigMap stays, empty', async () => {
    const graph = toResourceGraph(
      {
        name: 'nothing',
        apiVersion: 'modes.example.com/v1',
        kind: 'NothingThere',
        spec: type({ text: 'string', 'note?': 'string' }),
      },
      () => ({
        config: core.v1.ConfigMap({
          metadata: { name: 'config' },
          data: { note: Cel.expr<string>('schema.spec.?note') },
        }),
      }),
    ) as never as Graph;
    const data = [];
    for (const mode of ['direct', 'kro'] as const) {
      const chosen = options(`none-${mode}`, { mode });
      await deploy(graph, chosen);
      const { namespace } = chosen.instance;
      data.push((await cluster.get({ ...configMap, name: 'config', namespace }))?.['data']);
      await destroy(graph, { ...chosen, definition: true });
    }
    expect(data).toEqual([{ note: '' }, { note: '' }]);
  });
});
