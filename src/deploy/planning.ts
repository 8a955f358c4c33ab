import { KubewrightError } from '../errors.ts';
import type { KubernetesObject } from '../cluster/cluster.ts';
import { changedFirst, compareOne, type Planning } from './comparison.ts';
import { copiedWarnings, decide, findOrphans, hasOrphans, noOrphans, type Orphans } from './decide.ts';
import type { Desired } from './desired.ts';
import { definesKind } from './edges.ts';
import { runsAgain } from './ended.ts';
import { endingWarnings, isEnding } from './ending-namespace.ts';
import { grownVolumes } from './grown.ts';
import { takenReleases } from './helm.ts';
import { withoutOccupied } from './holders.ts';
import { describe, groupKind, keyOf, refOf } from './identity.ts';
import { impactOf, type Transition } from './impact.ts';
import { addressOf } from './item.ts';
import { readNamespace } from './namespace.ts';
import { asClaimed, claimedEntry, nothingClaimed, planClaim, type Claim } from './kro/claim.ts';
import { namespaceProblems } from './missing-namespaces.ts';
import { isElsewhere, migrationOf, modeProblems, withoutConsequences } from './mode.ts';
import type { DeployOptions, Mode, Plan, PlannedChange } from './options.ts';
import { missingPermissions, type MissingPermission } from './permissions.ts';
import { readRecord, type StoredRecord } from './record.ts';
import { notRestored } from './restoring.ts';
import { virtualInstanceProblems } from './virtual-instance.ts';
import { subject, type Run } from './run.ts';
import { unlistedWarnings } from './served.ts';
import { byKey } from './snapshot.ts';
import { sizeWarnings } from './size.ts';
import { existingSecrets } from './secrets.ts';
import { takeProblems } from './take.ts';
import { unfinishedWarnings } from './unfinished.ts';
import { pendingNodes } from './unknown.ts';
import { judgeUpdate } from './update-rules.ts';
import { leaveOutGoing, lookForForeign, lookForOrphans, newWorld, readInventory, survey, type World } from './world.ts';

/** A plan and what it was made from. */
export interface Planned {
  readonly plan: Plan;
  readonly world: World;
  readonly orphans: Orphans;
}

/**
 * Reads everything that a deployment depends on, but for a record that was read already.
 *
 * @param held what kro lets go of before the deployment
 */
export async function readWorld(
  run: Run,
  known?: StoredRecord,
  held: readonly KubernetesObject[] = [],
): Promise<World> {
  const [stored, namespace] = await Promise.all([known ?? readRecord(run), readNamespace(run)]);
  const world = newWorld(run, { stored, namespace, existing: existingSecrets(run.graph, run.secrets) });
  for (const object of held) world.live.set(asClaimed(run, object));
  await survey(world, run);
  await Promise.all([lookForOrphans(run, world), lookForForeign(run, world)]);
  // Who only reads leaves them where they are.
  if (run.repairRecord || (!run.readOnly && hasOrphans(run, world))) await readInventory(run, world);
  if (held.length > 0) {
    await readInventory(run, world);
    world.inventory = new Map([...byKey(held.map(claimedEntry)), ...(world.inventory ?? [])]);
  }
  return world;
}

/** How a plan is made. */
export interface PlanMaking {
  /** Dry-runs what will be created too, which a deployment leaves to the creation itself. @default false */
  readonly thorough?: boolean;
  /** The record, where it was read a moment ago. */
  readonly stored?: StoredRecord | undefined;
}

/** Compares what is wanted with what is there. */
export async function makePlan(
  run: Run,
  options: DeployOptions,
  { thorough = false, stored }: PlanMaking = {},
): Promise<Planned> {
  const known = stored ?? (await readRecord(run));
  const held = await heldElsewhere(run, known, options);
  const world = await readWorld(run, known, held.objects);
  await leaveOutGoing(run, world);
  const orphans = isElsewhere(run, world.stored, options)
    ? noOrphans
    : await withoutOccupied(run, findOrphans(run, world, options.pruneAll ?? false));
  const problems: Error[] = [
    ...recordProblems(world),
    ...modeProblems(run, world.stored, options),
    ...takeProblems(run, options.take),
    ...virtualInstanceProblems(run.graph),
    ...kindProblems(world),
    ...scopeProblems(run, world),
    ...shrinkProblems({ run, world, orphans }, options),
  ];
  const update = judgeUpdate(run, world);
  problems.push(...update.problems);
  const heldKeys = new Set(held.objects.map((object) => keyOf(refOf(object))));
  const transitions: Transition[] = [];
  const later: string[] = [];
  const planning = { options, thorough, problems, warnings: later, held: heldKeys, transitions };
  const planned = await planObjects(run, world, planning);
  const deletions = orphans.deletable.map(
    (object): PlannedChange => ({ ...orphanAddress(world, object), action: 'delete', fields: [] }),
  );
  const removed = orphans.deletable.map(
    (before, index): Transition => ({ change: deletions[index] as PlannedChange, before, after: undefined }),
  );
  const changes = [...planned, ...deletions, ...held.instance];
  problems.push(...world.denied);
  if (!thorough)
    problems.push(...(await namespaceProblems(run, world, (desired) => changedFirst(run, world, desired).length > 0)));
  const { pending } = world.resolution;
  const isEmpty = world.desired.length === 0 && pending.length === 0 && !world.stored.record;
  const createsNamespace =
    !isEmpty && (!world.namespace || isEnding(world.namespace)) ? run.identity.namespace : undefined;
  const changed =
    changes.some(({ action }) => action !== 'unchanged' && action !== 'check') ||
    pending.length > 0 ||
    orphans.released.length > 0 ||
    createsNamespace !== undefined;
  const taken = options.adopt ? [...world.foreign.values()] : [];
  const willWrite = changed || update.changed || isUnfinished(world, run);
  const lacks = await lackedPermissions(run, { changes, willWrite, thorough, createsNamespace });
  problems.push(...lacks.problems);
  const warnings = [
    ...(held.instance.length > 0 ? [moveText('kro', 'direct', held.objects.length)] : []),
    ...(createsNamespace === undefined ? [] : endingWarnings(world.namespace, 'deploy')),
    ...takenReleases(taken),
    ...later,
    ...keptWarnings(orphans),
    ...unlistedWarnings(world),
    ...update.warnings,
    ...sizeWarnings(world.desired, planned),
    ...(run.rollbackTo === undefined
      ? await runsAgain(run, world, changes)
      : [...notRestored(changes, orphans), ...grownVolumes(world)]),
    ...lacks.warnings,
    ...damageWarnings(run, world),
    ...(await unfinishedWarnings(run, world, { changed, looksAtLock: thorough })),
  ];
  const plan = withoutSecrets(run, {
    changes: [...changes, ...held.inner],
    pending: pendingNodes(run, world),
    impact: impactOf([...transitions, ...removed]),
    ...(createsNamespace !== undefined && { createsNamespace }),
    changed: willWrite,
    warnings,
    problems: withoutConsequences(problems),
  });
  return { plan, world, orphans };
}

/** Nothing of a plan repeats what a Secret holds. */
export function withoutSecrets({ secretValues: { hideIn, hideInAll, hideInError } }: Run, plan: Plan): Plan {
  return {
    ...plan,
    changes: plan.changes.map((change) =>
      change.fields.length > 0 ? { ...change, fields: hideInAll(change.fields) as PlannedChange['fields'] } : change,
    ),
    pending: hideInAll(plan.pending) as Plan['pending'],
    warnings: plan.warnings.map(hideIn),
    problems: plan.problems.map(hideInError),
  };
}

/** Objects that nobody wants any more, and why they stay. */
export function keptWarnings({ kept, copied }: Orphans): readonly string[] {
  const lines = kept.map(
    ({ object, reason }) =>
      `${describe({ kind: object.kind, ...object.metadata })} is no longer in the graph and stays: ${reason}`,
  );
  return [...lines, ...copiedWarnings(copied)];
}

/** What kro holds until a change of the mode takes it over. */
async function heldElsewhere(run: Run, stored: StoredRecord, options: DeployOptions): Promise<Claim> {
  const from = migrationOf(run, stored, options)?.from;
  return from ? planClaim(run, from) : nothingClaimed;
}

export function moveText(from: Mode, to: Mode, count: number): string {
  const where = from === to ? 'to another definition' : `from mode ${from} to mode ${to}`;
  return `it moves ${where}: ${count} objects change hands, and none is deleted or made anew for it`;
}

/**
 * What this user may not do. A deployment is refused; a plan that could see everything is right whoever deploys it, so it only
 * says so.
 */
export async function lackedPermissions(
  run: Run,
  {
    changes,
    willWrite,
    thorough,
    createsNamespace,
  }: {
    readonly changes: readonly PlannedChange[];
    readonly willWrite: boolean;
    readonly thorough: boolean;
    readonly createsNamespace: string | undefined;
  },
): Promise<{ readonly problems: readonly Error[]; readonly warnings: readonly string[] }> {
  if (!willWrite) return { problems: [], warnings: [] };
  const missing = await missingPermissions(run, changes, { createNamespace: createsNamespace !== undefined });
  const isProblem = ({ hidesChanges }: MissingPermission): boolean => hidesChanges || !thorough;
  return {
    problems: missing.filter(isProblem).map(({ error }) => error),
    warnings: missing.filter((each) => !isProblem(each)).map(({ error }) => error.message),
  };
}

/** Why a deployment cannot rely on the record. */
export function recordProblems({ stored: { damage } }: World): readonly Error[] {
  return damage ? [damage] : [];
}

export function damageWarnings(run: Run, { damage, stored: { record } }: World): readonly string[] {
  if (damage) return [damage.message];
  return record?.salvaged ? [`${subject(run)}: the record is made anew; what happened before is forgotten`] : [];
}

/** A run that was killed may have left something that only the record tells; or the record itself has to be written. */
export function isUnfinished({ stored, damage, desired }: World, { repairRecord, mode }: Run): boolean {
  if (repairRecord && damage !== undefined) return true;
  const { record, resourceVersion } = stored;
  if (record) return record.phase !== 'deployed';
  // Without a record and without anything to make there is nothing to remember.
  return mode === 'kro' || resourceVersion !== undefined || desired.some(({ check }) => !check);
}

/** What has to happen to each wanted object, with the fields that change. */
export async function planObjects(run: Run, world: World, planning: Planning): Promise<readonly PlannedChange[]> {
  const changes: PlannedChange[] = [];
  const asking: Promise<void>[] = [];
  const ask = async (desired: Desired, index: number): Promise<void> => {
    changes[index] = await planOne(run, world, { desired, ...planning });
  };
  for (const [index, desired] of world.desired.entries()) {
    const known = planUnchanged(world, desired, planning);
    if (known) changes[index] = known;
    else asking.push(ask(desired, index));
  }
  await Promise.all(asking);
  return changes;
}

/** Most objects are as they should be, and nobody has to be asked about them. */
function planUnchanged(world: World, desired: Desired, { held, transitions }: Planning): PlannedChange | undefined {
  if (decide(desired, world) !== 'unchanged' || held?.has(desired.key)) return undefined;
  const change = { ...addressOf(desired), action: 'unchanged' as const, fields: [] };
  const live = world.live.object(desired.key);
  transitions?.push({ change, before: live, after: live });
  return change;
}

async function planOne(
  run: Run,
  world: World,
  planning: Planning & { readonly desired: Desired },
): Promise<PlannedChange> {
  const { desired, transitions } = planning;
  const before = world.live.object(desired.key) ?? world.foreign.get(desired.key);
  const { change, after } = await compareOne(run, world, planning);
  transitions?.push({ change, before, after: after ?? (change.action === 'unchanged' ? before : desired.object) });
  return change;
}

export function orphanAddress(
  { inventory }: World,
  object: KubernetesObject,
): Omit<PlannedChange, 'action' | 'fields'> {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace } = metadata;
  const known = inventory?.get(keyOf(refOf(object)));
  return {
    label: known?.label ?? `${kind} ${name}`,
    apiVersion,
    kind,
    ...(namespace !== undefined && { namespace }),
    name,
  };
}

/** The server answers such requests as if they were about something else. */
function scopeProblems({ kinds }: Run, { desired }: World): Error[] {
  return desired.flatMap(({ label, apiVersion, kind, namespace, node }) => {
    const served = kinds.get(`${apiVersion}/${kind}`);
    if (!served || served.namespaced || namespace === undefined) return [];
    const source = node.source();
    return new KubewrightError({
      code: 'WrongScope',
      resource: label,
      path: 'metadata.namespace',
      message: `${kind} belongs to the whole cluster, and this one names a namespace${source ? ` (${source})` : ''}`,
      hint: 'Leave metadata.namespace out.',
    });
  });
}

/** Kinds that nobody serves and no CRD of the graph brings. */
function kindProblems({ desired }: World): Error[] {
  const defined = new Set(desired.map(({ object }) => definesKind(object)));
  return desired
    .filter((each) => !each.served && !defined.has(groupKind(each)))
    .map(
      ({ label, apiVersion, kind }) =>
        new KubewrightError({
          code: 'KindNotServed',
          resource: label,
          message: `the server does not serve ${apiVersion} ${kind}`,
          hint: 'Check apiVersion and kind, install what brings it, or add its CustomResourceDefinition to the graph.',
        }),
    );
}

function shrinkProblems(
  { run, world, orphans }: { readonly run: Run; readonly world: World; readonly orphans: Orphans },
  { allowEmpty }: DeployOptions,
): Error[] {
  const deletions = orphans.deletable.length;
  // What kro lets go of is not in the record yet.
  const before = Math.max(world.stored.record?.inventory?.objects ?? 0, world.inventory?.size ?? 0);
  const after = world.desired.length + world.resolution.pending.length;
  if (allowEmpty || deletions === 0 || after * 2 >= before) return [];
  return [
    new KubewrightError({
      code: 'ShrinksALot',
      resource: subject(run),
      message: `${deletions} objects would be deleted and ${after} of ${before} would be left`,
      hint: 'Check the values and the graph, or allow it with --allow-empty.',
    }),
  ];
}
