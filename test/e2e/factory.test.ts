import { join } from 'node:path';
import { type } from 'arktype';
import { expect, it } from 'vitest';
import { connect } from '../../src/cluster/connect.ts';
import { context, factory, local, simple, toResourceGraph } from '../../src/index.ts';
import { place } from './place.ts';

const library = toResourceGraph(
  {
    name: 'library',
    apiVersion: 'example.com/v1',
    kind: 'Library',
    spec: type({ image: 'string' }),
    status: type({ ready: 'boolean' }),
  },
  (schema) => ({ web: simple.Deployment({ name: 'web', image: schema.spec.image }) }),
  (_schema, { web }) => ({ ready: web.status.readyReplicas.orElse(0).gt(0) }),
);

it.each(['direct', 'kro'] as const)('a program deploys, plans, reads and destroys a graph, mode %s', async (mode) => {
  const cluster = local({ directory: join(place.stateHome, 'kubewright', 'default') });
  const options = { cluster, namespace: `library-${mode}`, definition: true };
  const values = { image: 'library:1' };
  const made = factory(mode, options);
  const { status, writes } = await made.deploy(library, values);
  expect(status).toEqual({ ready: true });
  expect(writes).toBeGreaterThan(0);
  expect((await library.factory(mode, options).deploy(values)).writes).toBe(0);
  expect((await made.plan(library, { image: 'library:2' })).changed).toBe(true);
  expect(await made.status(library, values)).toMatchObject({ deployed: true, status: { ready: true } });
  await made.destroy(library, values);
  expect(await made.status(library, values)).toMatchObject({ deployed: false });
});

it('a program consents to what it knows of', async () => {
  const source = local({ directory: join(place.stateHome, 'kubewright', 'default') });
  const options = { cluster: source, namespace: 'library-consents' };
  const values = { image: 'library:1' };
  await factory('direct', options).deploy(library, values);
  const cluster = await connect(source);
  const web = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: options.namespace } };
  await cluster.apply({ ...web, spec: { replicas: 2 } }, { fieldManager: 'somebody', force: true });
  cluster.close();
  expect((await library.factory('direct', options).status(values, { drift: true })).drift).toMatchObject([
    { change: 'field', path: 'spec.replicas', wanted: 1, found: 2 },
  ]);
  await expect(library.factory('direct', options).deploy(values)).rejects.toMatchObject({ code: 'FieldConflict' });
  const consents = { ...options, take: ['web:spec.replicas'], confirm: () => true };
  expect((await library.factory('direct', consents).deploy(values)).objects).toMatchObject([{ action: 'updated' }]);
  await expect(library.factory('direct', { ...options, confirm: () => false }).destroy(values)).rejects.toMatchObject({
    code: 'Declined',
  });
  await library.factory('direct', options).destroy(values);
});

it('a program does not touch another cluster than the one that is meant', async () => {
  const kubeconfig = join(place.stateHome, 'kubewright', 'default', 'kubeconfig');
  const cluster = context('kubewright-local', { kubeconfig, clusterId: '00000000-0000-0000-0000-000000000000' });
  await expect(factory('direct', { cluster }).deploy(library, { image: 'a' })).rejects.toMatchObject({
    code: 'OtherCluster',
  });
});
