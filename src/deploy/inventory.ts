import type { Convergence } from './converge.ts';
import type { Desired } from './desired.ts';
import type { Planned } from './planning.ts';
import { author, type DeployRecord, type RecordedObject, type StoredRecord } from './record.ts';
import type { Run } from './run.ts';

/** The record before objects are written: everything that was there and everything that may come. */
export function intended(
  run: Run,
  stored: StoredRecord,
  { desired, skipped = [] }: { readonly desired: readonly Desired[]; readonly skipped?: readonly string[] },
): DeployRecord {
  const before = stored.record;
  return {
    ...head(run, stored),
    phase: 'applying',
    objects: before?.objects ?? [],
    kinds: unique([
      ...(before?.kinds ?? []),
      ...run.graph.nodes
        .filter(({ id, external, instanceOf }) => !external && !instanceOf && !skipped.includes(id))
        .map(kindEntry),
      ...desired.map(kindEntry),
    ]),
    namespaces: unique([...(before?.namespaces ?? []), run.identity.namespace, ...namespacesOf(desired)]),
  };
}

/** Whether objects lie outside of what the record says. */
export function writesNeedRecord({ record }: StoredRecord, desired: readonly Desired[]): boolean {
  if (!record) return true;
  const [kinds, namespaces] = [new Set(record.kinds), new Set(record.namespaces)];
  return (
    desired.some((each) => !kinds.has(kindEntry(each))) ||
    namespacesOf(desired).some((namespace) => !namespaces.has(namespace))
  );
}

/** The record of a deployment that is complete. */
export function applied(run: Run, { world, orphans }: Planned, { items, gates }: Convergence): DeployRecord {
  const waves = gates.waves();
  const made = items
    .filter(({ desired }) => !desired.check)
    .map(({ desired }): RecordedObject => {
      const { path, label, apiVersion, kind, namespace, name, key, node } = desired;
      return {
        path,
        label,
        apiVersion,
        kind,
        ...(namespace !== undefined && { namespace }),
        name,
        wave: waves.get(key) ?? 0,
        ...(node.keep && { keep: true }),
      };
    });
  const kept = orphans.kept.map(({ object }): RecordedObject => {
    const { name, namespace } = object.metadata;
    const known = world.stored.record?.objects.find(
      (entry) => entry.kind === object.kind && entry.name === name && entry.namespace === namespace,
    );
    return (
      known ?? {
        path: name,
        label: name,
        apiVersion: object.apiVersion,
        kind: object.kind,
        ...(namespace !== undefined && { namespace }),
        name,
        wave: 0,
      }
    );
  });
  const objects = [...made, ...kept];
  return {
    ...head(run, world.stored),
    phase: 'deployed',
    objects,
    kinds: unique(objects.map(kindEntry)),
    namespaces: unique([
      run.identity.namespace,
      ...objects.map(({ namespace }) => namespace).filter((namespace) => namespace !== undefined),
    ]),
  };
}

function head(
  run: Run,
  { record }: StoredRecord,
): Pick<DeployRecord, 'graph' | 'instance' | 'mode' | 'revision' | 'at' | 'by'> {
  const { graph, instance, mode } = run;
  return {
    graph: graph.name,
    instance: instance.name,
    mode,
    revision: (record?.revision ?? 0) + 1,
    at: new Date().toISOString(),
    by: author(),
  };
}

function kindEntry({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): string {
  return `${apiVersion}/${kind}`;
}

function namespacesOf(desired: readonly Desired[]): readonly string[] {
  return desired.map(({ namespace }) => namespace).filter((namespace) => namespace !== undefined);
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)].sort();
}
