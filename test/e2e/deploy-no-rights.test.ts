import { afterAll, expect, it } from 'vitest';
import type { Cluster } from '../../src/cluster/cluster.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import { plan } from '../../src/deploy/plan.ts';
import { status } from '../../src/deploy/status.ts';
import { configMaps, connectTo, freshName, graphOf, optionsFor, tokenOf } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
const namespace = freshName('rights');
const user = await newUser();
afterAll(() => {
  user.close();
  cluster.close();
});

async function newUser(): Promise<Cluster> {
  await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const account = { name: 'nobody', namespace };
  await cluster.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: account });
  return connectTo({ ...place, token: await tokenOf(cluster, account) });
}

it.each(Object.entries({ plan, deploy, status, destroy }))(
  '%s without any permission says what prints those that are needed',
  async (_name, work) => {
    const options = optionsFor({ cluster: user, namespace });
    await expect(work(graphOf('rights', configMaps(['a'])), options)).rejects.toMatchObject({
      code: 'Forbidden',
      message: expect.stringMatching(
        /403.*The verb `rbac` prints the permissions that are needed: `rbac --for <verb>`/s,
      ),
    });
  },
);
