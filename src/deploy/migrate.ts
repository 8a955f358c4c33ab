import type { KindReference, KubernetesObject } from '../cluster/cluster.ts';
import { KubewrightError, throwProblems } from '../errors.ts';
import { declined } from './declined.ts';
import { claimFromKro, heldByKro } from './kro/claim.ts';
import { makeDefinition } from './kro/definition.ts';
import { basisOf, planWithKro } from './kro/plan.ts';
import { withLock } from './lock.ts';
import { refOf } from './identity.ts';
import { writeInventory } from './journal.ts';
import { kindOfInstance, migrationOf } from './mode.ts';
import type { DeployOptions, Plan } from './options.ts';
import { makePlan } from './planning.ts';
import { readSoundRecord, writeRecord, type DeployRecord, type StoredRecord } from './record.ts';
import { release } from './release.ts';
import { checkSaved, type Basis } from './saved-plan.ts';
import { subject, type Run } from './run.ts';
import { byKey, readSnapshot, type RecordedObject } from './snapshot.ts';

/**
 * Moves a deployment from one mode to the other, or goes on with a move that was stopped: afterwards it can be deployed as if
 * it had always had its mode. No object is deleted or made anew. `false` when there is nothing to move.
 */
export async function migrate(run: Run, before: StoredRecord, options: DeployOptions): Promise<boolean> {
  if (!migrationOf(run, before, options)) return false;
  if (options.rollbackOnFailure) throw notUndone(run);
  const { plan, basis, prepare } = await planMove(run, options, before);
  run.emit({ type: 'plan', plan });
  await checkSaved(run, basis, options.saved);
  throwProblems(subject(run), plan.problems as never);
  if (options.confirm && !(await options.confirm(plan))) throw declined(run);
  await withLock(run, async () => {
    let stored = await readSoundRecord(run);
    const move = migrationOf(run, stored, options);
    if (!move) return;
    if (move.from) {
      stored = await recordClaim(run, stored, move.from);
      await claimFromKro(run, move.from);
    }
    if (run.mode === 'direct') return;
    // kro has to be able to take over before anything is let go.
    await prepare();
    const { record } = stored as Required<StoredRecord>;
    await writeRecord(run, stored, {
      ...next(record),
      mode: 'kro',
      instanceKind: kindOfInstance(run.graph),
      migrating: { from: 'direct' },
    });
    await release(run);
  });
  return true;
}

/** Objects that change hands belong to nobody for a while: there is no way back but to arrive. */
function notUndone(run: Run): KubewrightError {
  return new KubewrightError({
    code: 'ModeChange',
    resource: subject(run),
    message: `is moved to mode ${run.mode}, and what was there before a move cannot be restored when it fails`,
    hint: 'Leave out --rollback-on-failure this time: a move that failed goes on with the next deployment.',
  });
}

interface Move {
  readonly plan: Plan;
  readonly basis: Basis;
  readonly prepare: () => Promise<void>;
}

async function planMove(run: Run, options: DeployOptions, stored: StoredRecord): Promise<Move> {
  if (run.mode === 'direct') {
    const { plan, world } = await makePlan(run, options, { stored });
    return { plan, basis: { world }, prepare: () => Promise.resolve() };
  }
  const planned = await planWithKro(run, options, { stored });
  const { plan, definitions } = planned;
  return {
    plan,
    basis: basisOf(planned),
    prepare: async () => {
      for (const definition of definitions) await makeDefinition(run, definition, options);
    },
  };
}

/** Before kro lets go of the first object: where its objects are, so that a killed run leaves nothing unknown. */
async function recordClaim(run: Run, stored: StoredRecord, from: KindReference): Promise<StoredRecord> {
  const { record } = stored as Required<StoredRecord>;
  const { members } = await heldByKro(run, from);
  const namespaces = members.map(({ metadata }) => metadata.namespace).filter((namespace) => namespace !== undefined);
  return writeRecord(run, stored, {
    ...next(record),
    mode: 'direct',
    migrating: { from: 'kro', instanceKind: from },
    ...(await withMembers(run, record, { owner: stored.uid ?? '', members })),
    kinds: [...new Set([...record.kinds, ...members.map(({ apiVersion, kind }) => `${apiVersion}/${kind}`)])].sort(),
    namespaces: [...new Set([...record.namespaces, ...namespaces])].sort(),
  });
}

/** What kro made is written down as ours; as kro asked for it, and not we, no rollback makes it again. */
async function withMembers(
  run: Run,
  record: DeployRecord,
  { owner, members }: { readonly owner: string; readonly members: readonly KubernetesObject[] },
): Promise<Pick<DeployRecord, 'inventory' | 'slots'>> {
  const known = record.inventory ? await readSnapshot(run, record.inventory) : { objects: [] };
  const objects = byKey([...known.objects, ...members.map(entryOf)]);
  return writeInventory(run, record, { owner, ...known, objects: [...objects.values()] });
}

function entryOf(object: KubernetesObject): RecordedObject {
  const { apiVersion, kind, ...metadata } = refOf(object);
  const { labels, annotations, uid } = object.metadata;
  const path = labels?.['kro.run/node-id'] ?? metadata.name;
  const wave = Number(annotations?.['internal.kro.run/apply-order'] ?? 0);
  const bare = { apiVersion, kind, metadata } as KubernetesObject;
  return { path, label: path, wave, left: true, ...(uid !== undefined && { uid }), object: bare };
}

function next({ instanceKind: _kind, ...record }: DeployRecord): DeployRecord {
  return { ...record, phase: 'applying' };
}

/** What was being moved has to have arrived before it can be deleted: until then objects belong to nobody. */
export function unfinishedMove(run: Run, { record }: StoredRecord): KubewrightError[] {
  if (!record?.migrating) return [];
  return [
    new KubewrightError({
      code: 'ModeChange',
      resource: subject(run),
      message: `is on its way from mode ${record.migrating.from} to mode ${record.mode}`,
      hint: `Deploy it in mode ${record.mode} once more to finish that; then destroy it.`,
    }),
  ];
}
