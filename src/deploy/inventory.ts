import type { KubernetesObject } from '../cluster/cluster.ts';
import type { Convergence } from './converge.ts';
import type { Desired } from './desired.ts';
import { chain } from './gates.ts';
import { keyOf, refOf } from './identity.ts';
import type { Planned } from './planning.ts';
import type { StoredRecord } from './record.ts';
import type { Run } from './run.ts';
import type { RecordedObject } from './snapshot.ts';
import type { World } from './world.ts';

/** Where objects of a deployment are, or may be. */
export interface Extent {
  /** As `apiVersion/Kind`. */
  readonly kinds: readonly string[];
  readonly namespaces: readonly string[];
  /** kro mode: names of the definitions that this deployment made. */
  readonly definitions?: readonly string[];
}

/** Before objects are written: everywhere where some were and where some may come. */
export function intendedExtent(
  run: Run,
  { record }: StoredRecord,
  { desired, skipped = [] }: { readonly desired: readonly Desired[]; readonly skipped?: readonly string[] },
): Extent {
  return {
    kinds: unique([
      ...(record?.kinds ?? []),
      ...run.graph.nodes
        .filter(({ id, external, instanceOf }) => !external && !instanceOf && !skipped.includes(id))
        .map(kindEntry),
      ...desired.map(kindEntry),
    ]),
    namespaces: unique([...(record?.namespaces ?? []), run.identity.namespace, ...namespacesOf(desired)]),
  };
}

/** Whether objects lie outside of what the record says. */
export function liesOutside({ record }: StoredRecord, desired: readonly Desired[]): boolean {
  if (!record) return true;
  const [kinds, namespaces] = [new Set(record.kinds), new Set(record.namespaces)];
  return (
    desired.some((each) => !kinds.has(kindEntry(each))) ||
    namespacesOf(desired).some((namespace) => !namespaces.has(namespace))
  );
}

/** Where the objects of a deployment that is complete are, and where others may be that could not be looked for. */
export function extentOf(run: Run, { unlisted, stored }: World, objects: readonly RecordedObject[]): Extent {
  return {
    kinds: unique([...objects.map(({ object }) => kindEntry(object)), ...unlisted.keys()]),
    namespaces: unique([
      run.identity.namespace,
      ...(unlisted.size > 0 ? (stored.record?.namespaces ?? []) : []),
      ...objects.map(({ object }) => object.metadata.namespace).filter((namespace) => namespace !== undefined),
    ]),
  };
}

/** The objects of a deployment that is complete, those that it left alone included. */
export function recordedObjects(
  run: Run,
  { world, orphans }: Planned,
  { items, gates }: Pick<Convergence, 'items' | 'gates'>,
): readonly RecordedObject[] {
  const waves = gates.waves();
  const made = items
    .filter(({ desired }) => !desired.check)
    .map(({ desired }): RecordedObject => {
      const { path, label, index, key, node, intent } = desired;
      const uid = world.live.object(key)?.metadata.uid;
      return {
        path,
        label,
        ...(index !== undefined && { index }),
        wave: waves.get(key) ?? 0,
        ...(uid !== undefined && { uid }),
        ...(node.keep && { keep: true }),
        ...references(run, path),
        object: intent,
      };
    });
  return [...made, ...orphans.kept.map(({ object }) => leftObject(object, world.inventory))];
}

/** What a node refers to, as paths. */
function references(run: Run, path: string): Pick<RecordedObject, 'needs' | 'after'> {
  const [needs, after]: [string[], string[]] = [[], []];
  for (const { node, prefix } of chain(run.graph, path)) {
    needs.push(...node.dependencies.map((id) => prefix + id));
    after.push(...node.dependsOn.map((id) => prefix + id));
  }
  return { ...(needs.length > 0 && { needs }), ...(after.length > 0 && { after }) };
}

/** An object that is no longer in the graph and stays. */
export function leftObject(
  object: KubernetesObject,
  inventory: ReadonlyMap<string, RecordedObject> | undefined,
): RecordedObject {
  const ref = refOf(object);
  const known = inventory?.get(keyOf(ref));
  if (known) return { ...known, left: true };
  const { apiVersion, kind, ...metadata } = ref;
  // Nobody knows which node it was of: while one is pending it may be of that.
  return {
    path: '',
    label: `${kind} ${ref.name}`,
    wave: 0,
    left: true,
    object: { apiVersion, kind, metadata } as KubernetesObject,
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
