import type { KubernetesObject } from '../cluster/cluster.ts';
import { holderKinds, type Orphans } from './decide.ts';
import { foreignObjects } from './definition-content.ts';
import { groupKind } from './identity.ts';
import { foreignContent } from './namespace-content.ts';
import { removeInOrder, type Removal, type RemoveOptions } from './remove.ts';
import type { Run } from './run.ts';

/** Whether an object is deleted in any case, so that it is no reason to keep what holds it. */
export type Goes = (object: KubernetesObject) => boolean;

/** Something that stays, and why. */
export interface Kept {
  readonly object: KubernetesObject;
  readonly reason: string;
}

/** What would be deleted along with these objects and does not go by itself: the reasons to keep them. */
async function occupied(run: Run, objects: readonly KubernetesObject[], goes: Goes): Promise<readonly Kept[]> {
  const [definitions = [], namespaces = []] = holderKinds.map((kind) =>
    objects.filter((object) => groupKind(object) === kind),
  );
  const [contents, foreign] = await Promise.all([
    foreignContent(
      run,
      namespaces.map(({ metadata }) => metadata.name),
      goes,
    ),
    Promise.all(definitions.map((object) => foreignObjects(run, object, goes))),
  ]);
  const reasons = [
    ...definitions.map((object, index) => ({ object, reason: foreign[index] })),
    ...namespaces.map((object) => ({ object, reason: contents.get(object.metadata.name) })),
  ];
  return reasons.filter((each): each is Kept => each.reason !== undefined);
}

/** The plan of a deployment tells of them before anything is written. */
export async function withoutOccupied(run: Run, orphans: Orphans): Promise<Orphans> {
  const { deletable } = orphans;
  const kept = await occupied(run, deletable, isAmong(deletable));
  const staying = new Set(kept.map(({ object }) => object));
  return {
    ...orphans,
    deletable: deletable.filter((object) => !staying.has(object)),
    kept: [...orphans.kept, ...kept],
  };
}

/** Whether an object is one of these; one that was made anew is not. */
export function isAmong(objects: readonly KubernetesObject[]): Goes {
  const uids = new Set(objects.map(({ metadata }) => metadata.uid));
  return ({ metadata }) => uids.has(metadata.uid);
}

/** How objects are removed, and which do not keep what holds them. */
export interface CarefulOptions extends RemoveOptions {
  readonly goes: Goes;
}

/** Deletes in waves; then definitions, then namespaces, as far as nobody else has something in them. */
export async function removeCarefully(
  run: Run,
  removals: readonly Removal[],
  { goes, ...options }: CarefulOptions,
): Promise<{ readonly removed: readonly Removal[]; readonly kept: readonly Kept[] }> {
  const isOf = ({ object }: Removal, kind: string): boolean => groupKind(object) === kind;
  const content = removals.filter((each) => !holderKinds.some((kind) => isOf(each, kind)));
  const removed = [...content];
  const kept: Kept[] = [];
  await removeInOrder(run, content, options);
  for (const kind of holderKinds) {
    const holders = removals.filter((each) => isOf(each, kind));
    const found = await occupied(
      run,
      holders.map(({ object }) => object),
      goes,
    );
    const staying = new Set(found.map(({ object }) => object));
    const empty = holders.filter(({ object }) => !staying.has(object));
    await removeInOrder(run, empty, options);
    removed.push(...empty);
    kept.push(...found);
  }
  for (const each of kept) run.emit({ type: 'warning', message: keptText(each) });
  return { removed, kept };
}

export function keptText({ object: { kind, metadata }, reason }: Kept): string {
  return `${kind} ${metadata.name} stays: ${reason}`;
}
