import type { KindReference, KubernetesObject } from '../cluster/cluster.ts';
import { KubewrightError, throwProblems } from '../errors.ts';
import { declined } from './declined.ts';
import { claimedEntry, claimFromKro, heldByKro, nothingClaimed, planClaim, type Claim } from './kro/claim.ts';
import { makeDefinition } from './kro/definition.ts';
import { basisOf, planWithKro } from './kro/plan.ts';
import { withLock } from './lock.ts';
import { keyOf, refOf } from './identity.ts';
import { writeInventory } from './journal.ts';
import { kindOfInstance, migrationOf } from './mode.ts';
import type { DeployedObject, DeployOptions, DeployResult, Plan } from './options.ts';
import { makePlan } from './planning.ts';
import { readSoundRecord, writeRecord, type DeployRecord, type StoredRecord } from './record.ts';
import { release } from './release.ts';
import { checkSaved, type Basis } from './saved-plan.ts';
import { subject, type Run } from './run.ts';
import { byKey, readSnapshot } from './snapshot.ts';

/**
 * Moves a deployment from one mode to the other, or goes on with a move that was stopped: afterwards it can be deployed as if
 * it had always had its mode. No object is deleted or made anew. Gives what kro let go of; `undefined` when there is nothing to move.
 */
export async function migrate(run: Run, before: StoredRecord, options: DeployOptions): Promise<Claim | undefined> {
  if (!migrationOf(run, before, options)) return undefined;
  if (options.rollbackOnFailure) throw notUndone(run);
  const { plan, basis, prepare } = await planMove(run, options, before);
  run.emit({ type: 'plan', plan });
  await checkSaved(run, basis, options.saved);
  throwProblems(subject(run), plan.problems as never);
  if (options.confirm && !(await options.confirm(plan))) throw declined(run);
  return withLock(run, async () => {
    let stored = await readSoundRecord(run);
    const move = migrationOf(run, stored, options);
    if (!move) return nothingClaimed;
    const claim = move.from ? await planClaim(run, move.from) : nothingClaimed;
    if (move.from) {
      stored = await recordClaim(run, stored, move.from);
      await claimFromKro(run, move.from);
    }
    if (run.mode === 'direct') return claim;
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
    return claim;
  });
}

/** The run that deploys what was moved: what kro held it takes over, and does not only update. */
export function takingOver(run: Run, { objects }: Claim): Run {
  const held = new Set(objects.map((object) => keyOf(refOf(object))));
  return {
    ...run,
    emit: (event) => {
      const isTaken = event.type === 'object' && event.action === 'updated' && held.has(keyOf(event.object));
      run.emit(isTaken ? { ...event, action: 'adopted' } : event);
    },
  };
}

/** What the move did counts too: definitions that came before the rest, what changed hands, and the instances of before. */
export function withMove({ written }: Run, result: DeployResult, { instance, inner }: Claim): DeployResult {
  const first = new Map(written.toReversed().map((each) => [keyOf(each), each.action]));
  const objects = result.objects.map((object): DeployedObject => {
    const { by, action } = object;
    const isOpen = by === undefined && (action === 'unchanged' || action === 'updated');
    return isOpen ? { ...object, action: first.get(keyOf(object)) ?? action } : object;
  });
  const gone = [...instance, ...inner].map(
    ({ fields: _fields, ...address }): DeployedObject => ({ ...address, action: 'deleted', ready: true }),
  );
  return { ...result, objects: [...objects, ...gone] };
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

/** What kro made is written down as ours. */
async function withMembers(
  run: Run,
  record: DeployRecord,
  { owner, members }: { readonly owner: string; readonly members: readonly KubernetesObject[] },
): Promise<Pick<DeployRecord, 'inventory' | 'slots'>> {
  const known = record.inventory ? await readSnapshot(run, record.inventory) : { objects: [] };
  const objects = byKey([...known.objects, ...members.map(claimedEntry)]);
  return writeInventory(run, record, { owner, ...known, objects: [...objects.values()] });
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
