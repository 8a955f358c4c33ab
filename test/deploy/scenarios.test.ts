import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

/** What a deployment has to survive; each has an end-to-end test of this number and name. */
const scenarios: readonly string[] = [
  'no change over 5,000 ConfigMaps: 0 writes, at most kinds × namespaces LISTs',
  'CRD + 1,000 × (Namespace, ConfigMap, CR): 4 watches',
  '1,000 Deployments to ready',
  'CRD + CR + webhook in one graph on a cold cluster',
  'HPA owns replicas: no conflict, no reset',
  'a kubectl edit: conflict names manager, path, values, ways out',
  'Helm-3-owned object adopted',
  'kubectl-apply object migrated once',
  'rename: the old one goes only when the new one is ready',
  'immutable selector change',
  'immutable Job template',
  'PVC WaitForFirstConsumer',
  'ImagePullBackOff reported in < 30 s with its message',
  'kill -9 mid-apply, re-run converges, nothing leaked',
  'two runs at once: ',
  '429 with Retry-After',
  'bursts of 500',
  'watch 410, silent TCP drop',
  'namespace with foreign objects survives',
  'an object moves between stacks',
  'another cluster behind the same context is noticed',
  'CRD gains a version with new defaults',
  'quota conflict',
  'stuck finalizer explained',
  'no Secret value in plan, JSON, logs or errors',
  '403 on one kind: the plan names verb and resource, the others continue',
  'LoadBalancer pending for ever',
  'fast controllers and observedGeneration',
  'CR whose status comes late',
  'namespace terminating during apply',
];

/** Titles of all end-to-end tests that run, and of what is around them: neither comments nor skipped tests. */
const listing = ['node_modules/vitest/vitest.mjs', 'list', '--project', 'e2e', 'test/e2e/deploy-', '--json'];
const listed = JSON.parse(execFileSync(process.execPath, listing, { encoding: 'utf8' })) as readonly { name: string }[];
const titles = listed.flatMap(({ name }) => name.split(' > '));

it.each(scenarios.map((name, index) => `${index + 1}. ${name}`))('%s', (scenario) => {
  expect(titles.filter((title) => title.startsWith(scenario))).not.toEqual([]);
});
