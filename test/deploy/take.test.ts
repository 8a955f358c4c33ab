import { type } from 'arktype';
import { describe, expect, it } from 'vitest';
import { isTaken, knowsField, takeProblems, type Taker } from '../../src/deploy/take.ts';
import { takeFlag } from '../../src/deploy/take-flag.ts';
import { toResourceGraph } from '../../src/graph/graph.ts';
import { forEach } from '../../src/graph/resource.ts';
import { simple } from '../../src/k8s/index.ts';

const graph = toResourceGraph(
  {
    name: 'shop',
    apiVersion: 'example.com/v1',
    kind: 'Shop',
    spec: type({ size: 'number.integer', names: 'string[]' }),
  },
  (schema) => ({
    order: simple.Deployment({
      name: 'order',
      image: 'nginx',
      replicas: schema.spec.size,
      ports: [{ containerPort: 80 }],
    }),
    workers: forEach(schema.spec.names, (name) => simple.ConfigMap({ name, data: { 'app.conf': 'x' } })),
    login: simple.Secret({ name: 'login', stringData: { password: 'x' } }),
  }),
) as unknown as Taker['graph'];
const direct: Taker = {
  graph,
  mode: 'direct',
  instance: { name: 'it', namespace: 'dev', spec: { size: 1, names: [] } },
  featureGates: [],
};
const kro: Taker = { ...direct, mode: 'kro' };

describe('a field that is to be taken over', () => {
  const written = {
    apiVersion: 'v1',
    kind: 'Any',
    metadata: { name: 'it' },
    spec: {
      replicas: 1,
      replicasMax: 2,
      template: { containers: [{ name: 'init' }, { name: 'web', image: 'nginx', ports: [{ containerPort: 80 }] }] },
    },
    data: { app: 'x', 'app.conf': 'x' },
  };

  it.each([
    ['spec.replicas', 'web', true],
    ['web:spec.replicas', 'web', true],
    ['web:spec.replicas', 'other', false],
    ['workers:spec.replicas', 'workers[2]', true],
    ['workers[2]:spec.replicas', 'workers[2]', true],
    ['workers[2]:spec.replicas', 'workers[12]', false],
    ['shop/web:spec.replicas', 'shop/web', true],
    ['spec', 'web', true],
    ['web:spec', 'web', true],
    ['web:spec', 'other', false],
    ['spec.replicasMax', 'web', false],
    ['spec.template', 'web', false],
    ['spec.replicas.more', 'web', false],
    ['', 'web', false],
    ['web:', 'web', false],
  ])('%s names spec.replicas of %s: %s', (entry, label, taken) => {
    expect(isTaken([entry], { label, object: written }, 'spec.replicas')).toBe(taken);
  });

  it.each([
    ['data["app.conf"]', true],
    ['workers:data["app.conf"]', true],
    ['data.app.conf', true],
    ['workers[2]:data.app.conf', true],
    ['data', true],
    // A key of its own, not something that the other one is in.
    ['data.app', false],
  ])('a key with dots, as managers or as plans write it: %s, %s', (entry, taken) => {
    expect(isTaken([entry], { label: 'workers[2]', object: written }, 'data.app.conf')).toBe(taken);
  });

  it.each([
    ['spec.template.containers[name="web"].ports[containerPort=80,protocol="TCP"].containerPort', true],
    ['spec.template.containers[1].ports[0].containerPort', true],
    ['spec.template.containers[name="web"]', true],
    ['spec.template.containers', true],
    ['spec.template.containers[0]', false],
    ['spec.template.containers[name="init"]', false],
    ['spec.template.containers[name="web"].image', false],
  ])('an item by its keys or its position: %s, %s', (entry, taken) => {
    const path = 'spec.template.containers[name="web"].ports[containerPort=80,protocol="TCP"].containerPort';
    expect(isTaken([entry], { label: 'web', object: written }, path)).toBe(taken);
  });

  it.each([
    ['web', 'spec.replicas', '--take web:spec.replicas'],
    ['instance it', 'spec.size', `--take 'instance it:spec.size'`],
    ['workers[2]', `data["it's"]`, `--take 'workers[2]:data["it'\\''s"]'`],
  ])('of %s, %s is asked for by %s', (label, path, flag) => {
    expect(takeFlag(label, path)).toBe(flag);
  });

  it.each<[string, Taker, boolean]>([
    ['spec.replicas', direct, true],
    ['order:spec.replicas', direct, true],
    ['order.spec.replicas', direct, false],
    ['ordre:spec.replicas', direct, false],
    ['workers:spec.replicas', direct, false],
    ['no.such.path', direct, false],
    ['order:', direct, false],
    ['', direct, false],
    ['spec.template.spec.containers[name="order"].image', direct, true],
    ['spec.template.spec.containers[name="other"].image', direct, false],
    ['spec.template.spec.containers[name="order"].ports[containerPort=80,protocol="TCP"].containerPort', direct, true],
    ['data.app.conf', direct, true],
    ['data["app.conf"]', direct, true],
    ['workers:data["app.conf"]', direct, true],
    ['data["app"].conf', direct, false],
    ['workers[3]:data.app.conf', direct, true],
    ['login:data.password', direct, true],
    ['order:metadata.labels.applyset.kubernetes.io/part-of', direct, true],
    ['order:spec.replicas', kro, false],
    ['spec.size', kro, true],
    ['instance it:spec.size', kro, true],
    ['definition shop:spec.resources', kro, true],
    ['login:data.password', kro, true],
  ])('%s', (entry, taker, known) => {
    expect(knowsField(taker, entry)).toBe(known);
    expect(takeProblems(taker, [entry]).map(({ code }) => code)).toEqual(known ? [] : ['NothingToTake']);
  });

  it('says what there is', () => {
    expect(
      takeProblems(direct, ['order.spec.replicas', 'no.such.path', 'spec.replicas']).map(({ message }) => message),
    ).toEqual([
      expect.stringMatching(
        /^--take order\.spec\.replicas: .* Did you mean "order:spec\.replicas"\? The fields of order are .*spec\.replicas/,
      ),
      expect.stringMatching(/^--take no\.such\.path: .* the resources are order, workers, login\.$/),
    ]);
  });
});
