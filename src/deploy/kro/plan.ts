import { definitionsOf } from '../../kro/chain.ts';
import { KubewrightError } from '../../errors.ts';
import type { Orphans } from '../decide.ts';
import { endingWarnings, isEnding } from '../ending-namespace.ts';
import { addressOf } from '../item.ts';
import type { DeployOptions, ObjectAddress, Plan, PlannedChange } from '../options.ts';
import type { DeployRecord } from '../record.ts';
import {
  damageWarnings,
  isUnfinished,
  keptWarnings,
  lackedPermissions,
  orphanAddress,
  planObjects,
  type PlanMaking,
  recordProblems,
  withoutSecrets,
} from '../planning.ts';
import { kindOf, type Run } from '../run.ts';
import { modeProblems, withoutConsequences } from '../mode.ts';
import type { Basis } from '../saved-plan.ts';
import { notRestored } from '../restoring.ts';
import { unlistedWarnings } from '../served.ts';
import { takeProblems } from '../take.ts';
import { brokenUpdates } from '../update-rules.ts';
import type { World } from '../world.ts';
import { arrivalOf } from './arrival.ts';
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

/** What would happen to definitions, Secrets and the instance, and what follows from it. */
export async function planWithKro(run: Run, options: DeployOptions, making: PlanMaking = {}): Promise<PlannedWithKro> {
  const missing = await missingKro(run);
  if (missing) throw missing;
  const isRollback = run.rollbackTo !== undefined;
  const { thorough = false } = making;
  const { outlined, definitions, world, instance, secrets, changes, problems } = await compare(run, options, making);
  const { record } = world.stored;
  const arrival = await arrivalOf(run, world, { options, instance });
  const { orphans, claim, handed, members } = arrival;
  if (handed && world.damage) problems.push(world.damage);
  // The instance is new to the API server, and its values are not.
  if (record?.mode === 'direct') problems.push(...brokenUpdates(run, world));
  const consequences = await consequencesOf(run, { definitions, instance, world, members });
  const isNew = changes || instance.change.action !== 'unchanged';
  const [version, adoption] = await Promise.all([
    changes ? versionVerdict(run) : supported,
    isNew ? forceAdoption(run, outlined, { ...options, handed }) : nothingAdopted,
  ]);
  if (version.problem) problems.push(version.problem);
  const obsolete = isRollback ? await obsoleteDefinitions(run, definitionsBefore(run, record)) : nothingObsolete;
  const all = [
    ...definitions.map(({ change }) => change),
    ...secrets,
    instance.change,
    ...adoption.changes,
    ...orphans.deletable.map((object) => asDeletion(orphanAddress(world, object))),
    ...obsolete.removals.map(({ address }) => asDeletion(address)),
    ...claim.instance,
  ];
  const createsNamespace = missingNamespace(run, world);
  const changed =
    createsNamespace !== undefined ||
    orphans.released.length > 0 ||
    isUnfinished(world, run) ||
    all.some(({ action }) => action !== 'unchanged' && action !== 'check');
  const undone = options.rollbackOnFailure && instance.change.action === 'create' ? [asDeletion(instance.change)] : [];
  const asked = { changes: [...all, ...undone], willWrite: changed, thorough, createsNamespace };
  const lacks = await lackedPermissions(run, asked);
  const plan = withoutSecrets(run, {
    changes: [...all, ...claim.inner],
    pending: [],
    ...(consequences.impact && { impact: consequences.impact }),
    ...(createsNamespace !== undefined && { createsNamespace }),
    changed,
    warnings: [
      ...endingWarnings(world.namespace, 'deploy'),
      ...arrival.warnings,
      ...(version.warning ? [version.warning] : []),
      ...definitions.flatMap(({ warnings }) => warnings),
      ...keptWarnings(orphans),
      ...unlistedWarnings(world),
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

function missingNamespace({ identity }: Run, { namespace }: World): string | undefined {
  return !namespace || isEnding(namespace) ? identity.namespace : undefined;
}

/** The parts of a deployment beside what there is of them. */
interface Compared {
  readonly outlined: Outline;
  readonly definitions: readonly PlannedDefinition[];
  readonly world: World;
  readonly instance: PlannedInstance;
  readonly secrets: readonly PlannedChange[];
  /** Whether a definition changes. */
  readonly changes: boolean;
  readonly problems: Error[];
}

async function compare(run: Run, options: DeployOptions, { thorough = false, stored }: PlanMaking): Promise<Compared> {
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
  return { outlined, definitions, world, instance, secrets, changes, problems };
}

function asDeletion(address: ObjectAddress): PlannedChange {
  return { ...addressOf(address), action: 'delete', fields: [] };
}

/** Definitions that this deployment made and does not need any more. */
function definitionsBefore({ graph }: Run, record: DeployRecord | undefined): readonly string[] {
  const needed = new Set(definitionsOf(graph).map(({ name }) => name));
  return (record?.definitions ?? []).filter((name) => !needed.has(name));
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
