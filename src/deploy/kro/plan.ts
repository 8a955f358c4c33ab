import { definitionsOf } from '../../kro/chain.ts';
import { KubewrightError } from '../../errors.ts';
import { findOrphans, type Orphans } from '../decide.ts';
import type { DeployOptions, Plan } from '../options.ts';
import {
  damageWarnings,
  isUnfinished,
  keptWarnings,
  lackedPermissions,
  moveText,
  orphanAddress,
  planObjects,
  type PlanMaking,
  recordProblems,
  withoutSecrets,
} from '../planning.ts';
import { kindOf, type Run } from '../run.ts';
import { migrationOf, modeProblems, withoutConsequences } from '../mode.ts';
import type { Basis } from '../saved-plan.ts';
import { planRelease } from '../release.ts';
import { notRestored } from '../restoring.ts';
import { takeProblems } from '../take.ts';
import { brokenUpdates } from '../update-rules.ts';
import { readInventory, type World } from '../world.ts';
import { heldByKro } from './claim.ts';
import { planDefinition, type PlannedDefinition } from './definition.ts';
import { forceAdoption, type ForceAdoption } from './force-adoption.ts';
import { missingKro, versionVerdict } from './installed.ts';
import { consequencesOf } from './impact.ts';
import { planInstance, type PlannedInstance } from './instance.ts';
import { keptKinds, nothingObsolete, obsoleteDefinitions, type Obsolete } from './obsolete.ts';
import { madeByKro, outline, readSecrets, type Outline } from './secrets.ts';

/** A plan and what it was made from. */
export interface PlannedWithKro {
  readonly plan: Plan;
  readonly definitions: readonly PlannedDefinition[];
  readonly instance: PlannedInstance;
  readonly outline: Outline;
  /** The Secrets that are made beside the definition. */
  readonly world: World;
  readonly orphans: Orphans;
  /** Definitions that a rollback takes away. */
  readonly obsolete: Obsolete;
}

/** Compares definitions, Secrets and instance with what is there. */
export async function planWithKro(
  run: Run,
  options: DeployOptions,
  { thorough = false, stored }: PlanMaking = {},
): Promise<PlannedWithKro> {
  const missing = await missingKro(run);
  if (missing) throw missing;
  const isRollback = run.rollbackTo !== undefined;
  const outlined = outline(run);
  const graphs = definitionsOf(run.graph);
  const [definitions, world, unserved] = await Promise.all([
    Promise.all(graphs.map((graph) => planDefinition(run, graph, options))),
    readSecrets(run, outlined, stored),
    unservedKinds(run, graphs),
  ]);
  const changes = definitions.some(({ change }) => change.action !== 'unchanged');
  const problems: Error[] = [
    ...recordProblems(world),
    ...outlined.problems,
    ...world.denied,
    ...unserved,
    ...modeProblems(run, world.stored, options),
    ...takeProblems(run, options.take),
    ...definitions.flatMap((each) => each.problems),
  ];
  const [instance, secrets] = await Promise.all([
    planInstance(run, options, { newDefinition: changes, recorded: world.stored.record?.mode === 'kro' }),
    planObjects(run, world, { options, thorough, problems }),
  ]);
  const handed = await handedOver(run, world, options);
  if (handed && world.damage) problems.push(world.damage);
  // The instance is new to the API server, and its values are not.
  if (world.stored.record?.mode === 'direct') problems.push(...brokenUpdates(run, world));
  const move = handed ? await planRelease(run) : undefined;
  const orphans = findOrphans(run, move?.world ?? world, false);
  const consequences = await consequencesOf(run, {
    definitions,
    instance,
    world,
    members: async () => {
      if (move) return [...move.released, ...orphans.deletable];
      const holder = migrationOf(run, world.stored, options)?.from ?? instance.live;
      return holder ? (await heldByKro(run, holder)).members : [];
    },
  });
  const isNew = changes || instance.change.action !== 'unchanged';
  const [version, adoption] = await Promise.all([
    changes ? versionVerdict(run) : supported,
    isNew ? forceAdoption(run, outlined, { ...options, handed }) : nothingAdopted,
  ]);
  if (version.problem) problems.push(version.problem);
  const needed = new Set(graphs.map(({ name }) => name));
  const unneeded = (world.stored.record?.definitions ?? []).filter((name) => !needed.has(name));
  const obsolete = isRollback ? await obsoleteDefinitions(run, unneeded) : nothingObsolete;
  const gone = [
    ...orphans.deletable.map((object) => orphanAddress(world, object)),
    ...obsolete.removals.map(({ address }) => address),
  ];
  const deletions = gone.map((address) => ({ ...address, action: 'delete' as const, fields: [] }));
  const all = [
    ...definitions.map(({ change }) => change),
    ...secrets,
    instance.change,
    ...adoption.changes,
    ...deletions,
  ];
  const createsNamespace =
    !world.namespace || world.namespace.metadata.deletionTimestamp ? run.identity.namespace : undefined;
  const changed =
    createsNamespace !== undefined ||
    orphans.released.length > 0 ||
    isUnfinished(world, run) ||
    all.some(({ action }) => action !== 'unchanged' && action !== 'check');
  const undoing =
    options.rollbackOnFailure && instance.change.action === 'create'
      ? [{ ...instance.change, action: 'delete' as const }]
      : [];
  const lacks = await lackedPermissions(run, {
    changes: [...all, ...undoing],
    willWrite: changed,
    thorough,
    createsNamespace,
  });
  const plan = withoutSecrets(run, {
    changes: all,
    pending: [],
    ...(consequences.impact && { impact: consequences.impact }),
    ...(createsNamespace !== undefined && { createsNamespace }),
    changed,
    warnings: [
      ...(move && move.released.length > 0 ? [moveText('direct', 'kro', move.released.length)] : []),
      ...(version.warning ? [version.warning] : []),
      ...definitions.flatMap(({ warnings }) => warnings),
      ...keptWarnings(orphans),
      ...(isRollback ? notRestored([...all, ...consequences.changes], orphans) : []),
      ...obsolete.kept,
      ...keptKinds(obsolete),
      ...consequences.warnings,
      ...lacks.warnings,
      ...damageWarnings(run, world),
    ],
    problems: withoutConsequences([...problems, ...instance.problems, ...adoption.problems, ...lacks.problems]),
  });
  return { plan, definitions, instance, outline: outlined, world, orphans, obsolete };
}

/** Keys of what direct mode made, while kro is to take it over. */
async function handedOver(run: Run, world: World, options: DeployOptions): Promise<ReadonlySet<string> | undefined> {
  const { record } = world.stored;
  if (record?.migrating?.from !== 'direct' && !(record && migrationOf(run, world.stored, options))) return undefined;
  await readInventory(run, world);
  return new Set(world.inventory?.keys());
}

const supported: Awaited<ReturnType<typeof versionVerdict>> = {};
const nothingAdopted: ForceAdoption = { changes: [], problems: [] };

/** Everything that a plan was made from. */
export function basisOf({ world, definitions, instance }: PlannedWithKro): Basis {
  return { world, others: [...definitions.map(({ live }) => live), instance.live] };
}

/** kro accepts a definition only when every kind in it is served, even one that `includeWhen` leaves out. */
async function unservedKinds(run: Run, graphs: ReturnType<typeof definitionsOf>): Promise<Error[]> {
  const own = new Set(graphs.map(({ group, version, kind }) => `${group}/${version}/${kind}`));
  const nodes = graphs.flatMap((graph) => [...madeByKro(graph), ...graph.nodes.filter(({ external }) => external)]);
  const wanted = new Map(
    nodes
      .filter(({ apiVersion, kind }) => !own.has(`${apiVersion}/${kind}`))
      .map((node) => [`${node.apiVersion}/${node.kind}`, node]),
  );
  const found = await Promise.all(
    [...wanted.values()].map(async (node) => ({ node, served: await kindOf(run, node) })),
  );
  return found
    .filter(({ served }) => !served)
    .map(
      ({ node: { id, apiVersion, kind } }) =>
        new KubewrightError({
          code: 'KindNotServed',
          resource: id,
          message: `the server does not serve ${apiVersion} ${kind}, and kro needs every kind of a definition, also of resources that \`includeWhen\` leaves out`,
          hint: 'Install what brings the kind, or fix the fields that leave it out with `fixed` in the environment.',
        }),
    );
}
