import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Cluster } from '../../src/cluster/cluster.ts';
import { connect } from '../../src/cluster/connect.ts';
import { contextNames } from '../../src/cluster/kubeconfig.ts';
import { itemTypes, valueCases } from '../cases/instance-values.ts';
import { applyDefinition } from './kro.ts';
import { place } from './place.ts';

const name = 'valuecases';
let cluster: Cluster;

const definition = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name },
  spec: {
    schema: {
      apiVersion: 'v1',
      kind: 'ValueCases',
      group: 'values.example.com',
      types: itemTypes,
      spec: Object.fromEntries(valueCases.map(([, fields], index) => [`c${index}`, fields])),
    },
    resources: [],
  },
} as const;

beforeAll(async () => {
  const kubeconfig = place.kubeconfig;
  cluster = await connect({ kind: 'context', name: contextNames(kubeconfig)[0] as string, kubeconfig });
  expect(await applyDefinition(cluster, definition as never)).toMatchObject({ accepted: true });
});

afterAll(() => cluster.delete({ apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name }));

/** The values as they would be stored; `refused` with the server's words. */
async function stored(index: number, values: object): Promise<unknown> {
  const spec = { [`c${index}`]: values };
  const metadata = { name: 'sample', namespace: 'default' };
  const instance = { apiVersion: 'values.example.com/v1', kind: 'ValueCases', metadata, spec };
  try {
    const object = await cluster.create(instance, { dryRun: true });
    return (object['spec'] as Readonly<Record<string, unknown>>)[`c${index}`];
  } catch (error) {
    return `refused: ${(error as Error).message}`;
  }
}

it.each(valueCases.map((one, index) => [...one, index] as const))(
  'the API server %s',
  async (_, _fields, values, expected, index) => {
    const found = await stored(index, values);
    expect(found).toEqual(expected instanceof RegExp ? expect.stringMatching(/^refused: /) : expected);
  },
);
