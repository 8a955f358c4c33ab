import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { exists } from '../../src/deploy/readiness/platform.ts';
import { judge, rules } from '../../src/deploy/readiness/table.ts';
import { operators } from './readiness/operators.ts';
import { others, platform } from './readiness/platform.ts';
import type { Row } from './readiness/row.ts';
import { workloads } from './readiness/workloads.ts';

const table: readonly Row[] = [...workloads, ...platform, ...operators];

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
    if (row.grace) expect(verdict).toHaveProperty('graceMs', 10_000);
  });

  it('has tests for every row of the table: an object that is ready, and one that is not', () => {
    const kindsOf = (isReady: boolean): ReadonlySet<string> =>
      new Set(table.filter(({ state }) => (state === 'ready') === isReady).map(({ kind }) => kind));
    const [good, bad] = [kindsOf(true), kindsOf(false)];
    const judging = Object.entries(rules).flatMap(([kind, rule]) => (rule === exists ? [] : [kind]));
    expect(Object.keys(rules).filter((kind) => !good.has(kind))).toEqual([]);
    expect(judging.filter((kind) => !bad.has(kind))).toEqual([]);
  });

  it('waits for ever only where somebody is sure to report', () => {
    const patient = table
      .filter((row) => row.state === 'waiting')
      .map((row) => ({ row, verdict: judge(objectOf(row), row.context) }));
    const graceful = patient.filter(({ verdict }) => 'graceMs' in verdict).map(({ row }) => row.kind);
    expect(new Set(graceful)).toEqual(new Set(['Ingress.networking.k8s.io', 'HorizontalPodAutoscaler.autoscaling']));
  });
});
