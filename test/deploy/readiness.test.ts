import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { judge, rules } from '../../src/deploy/readiness/table.ts';
import { others, platform } from './readiness/platform.ts';
import type { Row } from './readiness/row.ts';
import { workloads } from './readiness/workloads.ts';

const table: readonly Row[] = [...workloads, ...platform];

function objectOf({ kind, spec, status, more, metadata }: Row): KubernetesObject {
  const [name = '', ...group] = kind.split('.');
  const apiVersion = group.length > 0 ? `${group.join('.')}/v1` : 'v1';
  return {
    apiVersion,
    kind: name,
    metadata: { name: 'x', generation: 2, ...metadata },
    ...(spec && { spec }),
    ...(status && { status }),
    ...more,
  };
}

describe('readiness', () => {
  it.each([...table, ...others])('$kind is $state when $says', (row) => {
    const verdict = judge(objectOf(row), row.context);
    expect(verdict.state).toBe(row.state);
    if (row.reason) expect(verdict.reason).toMatch(row.reason);
  });

  it('has a test for every row of the table', () => {
    const tested = new Set(table.map(({ kind }) => kind));
    expect(Object.keys(rules).filter((kind) => !tested.has(kind))).toEqual([]);
  });

  it('waits for ever only where somebody is sure to report', () => {
    const patient = table
      .filter((row) => row.state === 'waiting')
      .map((row) => ({ row, verdict: judge(objectOf(row), row.context) }));
    const graceful = patient.filter(({ verdict }) => 'graceMs' in verdict).map(({ row }) => row.kind);
    expect(new Set(graceful)).toEqual(new Set(['Ingress.networking.k8s.io', 'HorizontalPodAutoscaler.autoscaling']));
  });
});
