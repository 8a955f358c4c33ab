import { join } from 'node:path';
import { type } from 'arktype';
import { expect, inject, it } from 'vitest';
import { factory, local, simple, toResourceGraph } from '../../src/index.ts';

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
  const cluster = local({ directory: join(inject('controlPlane').stateHome, 'kubewright', 'default') });
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
