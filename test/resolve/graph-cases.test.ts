import { describe, expect, it } from 'vitest';
import { resolve } from '../../src/resolve/resolve.ts';
import type { ExternalRead, Instance, NodePath, ObservedObject, Resolution } from '../../src/resolve/resolution.ts';
import { prepareValues } from '../../src/resolve/values.ts';
import { type GraphCase, inNamespace } from '../cases/graph-case.ts';
import { graphCases } from '../cases/graphs.ts';

const namespace = 'cases';

interface Given {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

type World = Map<NodePath, ObservedObject | ObservedObject[]>;

/** Resolves again and again against a cluster that stores what it is given, until nothing changes. */
function atRest({ graph, ...one }: GraphCase): Resolution {
  const instance: Instance = {
    name: inNamespace(one.instance ?? 'sample', namespace),
    namespace,
    spec: prepareValues(graph, inNamespace(one.values, namespace)),
  };
  const given = inNamespace(one.given ?? [], namespace) as Given[];
  let world: World = new Map();
  for (;;) {
    const resolution = resolve(graph, instance, world);
    const next: World = new Map(graph.nodes.filter(({ forEach }) => forEach.length > 0).map(({ id }) => [id, []]));
    for (const { path, index, object } of resolution.objects)
      next.set(path, index === undefined ? object : [...((next.get(path) ?? []) as ObservedObject[]), object]);
    for (const read of resolution.externals) {
      const found = readExternal(read, given);
      if (found) next.set(read.path, found);
    }
    if (JSON.stringify([...next]) === JSON.stringify([...world])) return resolution;
    world = next;
  }
}

function readExternal(
  { kind, namespace: place, by }: ExternalRead,
  given: readonly Given[],
): ObservedObject | ObservedObject[] | undefined {
  const candidates = given.filter(
    (object) => object.kind === kind && (place === undefined || object.metadata.namespace === place),
  );
  if ('name' in by) return candidates.find(({ metadata }) => metadata.name === by.name) as ObservedObject | undefined;
  const labels = Object.entries(by.selector.matchLabels ?? {});
  return candidates.filter(({ metadata }) =>
    labels.every(([key, value]) => metadata.labels?.[key] === value),
  ) as unknown as ObservedObject[];
}

function expectCase(one: GraphCase): void {
  const { objects, skipped, pending, status } = atRest(one);
  const made: Record<string, object[]> = {};
  for (const { path, object } of objects) (made[path] ??= []).push(object);
  const wanted = Object.entries(inNamespace(one.objects, namespace)).map(
    ([path, expected]): [string, readonly object[]] => [
      path,
      Array.isArray(expected) ? expected : [expected as object],
    ],
  );
  const present = Object.fromEntries(wanted.filter(([, expected]) => expected.length > 0));
  expect(made).toMatchObject(present);
  expect(Object.keys(made).sort()).toEqual(Object.keys(present).sort());
  expect([...skipped].sort()).toEqual([...(one.skipped ?? [])].sort());
  expect(pending.map(({ path }) => path).sort()).toEqual([...(one.pending ?? [])].sort());
  expect(status).toEqual(inNamespace(one.status ?? {}, namespace));
}

describe('resolve', () => {
  for (const one of graphCases) {
    it.skipIf(one.skip?.resolve)(one.name, () => expectCase(one));
    for (const { name, ...step } of one.steps ?? [])
      it(`${one.name}, and then ${name}`, () => {
        const { skipped = [], status = {} } = step;
        expectCase({ ...one, ...step, skipped, status });
      });
  }
});
