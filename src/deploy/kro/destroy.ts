import { throwProblems } from '../../errors.ts';
import { definitionsOf } from '../../kro/chain.ts';
import type { Graph } from '../../graph/graph.ts';
import type { KubernetesObject } from '../../cluster/cluster.ts';
import { isApiError } from '../../cluster/api-error.ts';
import { declined } from '../declined.ts';
import { endingWarnings } from '../ending-namespace.ts';
import type { DestroyResult } from '../destroy.ts';
import { removeRecord } from '../journal.ts';
import { isLocked } from '../lock.ts';
import { deletedWith, readNamespace, removeNamespace, removing } from '../namespace.ts';
import { unfinishedMove } from '../migrate.ts';
import { modeProblems } from '../mode.ts';
import type { DeployedObject, DestroyOptions, Plan } from '../options.ts';
import { ownFields } from '../ownership.ts';
import { refuseWithoutPermissions } from '../permissions.ts';
import { orphanAddress } from '../planning.ts';
import { readSoundRecord, type StoredRecord } from '../record.ts';
import { removeInOrder, type Removal } from '../remove.ts';
import { subject, type Run } from '../run.ts';
import { unlistedProblems } from '../served.ts';
import { copiedWarnings, goesWithAll, isMade, isOurs } from '../decide.ts';
import { lookForOrphans, newWorld, readInventory, type World } from '../world.ts';
import { addressOfDefinition } from './definition.ts';
import { instancesOf, namesOf } from './instances.ts';
import { definitionKind, missingKro } from './installed.ts';
import { addressOfInstance, foreignInstance, readInstance } from './instance.ts';
import { lookForSecrets } from './secrets.ts';

/** Deletes the instance and waits until kro has deleted what it made; then the Secrets, and the definition when asked. */
export async function destroyWithKro(run: Run, options: DestroyOptions): Promise<DestroyResult> {
  const missing = await missingKro(run);
  if (missing) throw missing;
  const [found, namespace] = await Promise.all([find(run, options), readNamespace(run)]);
  const none: DestroyResult = { objects: [], kept: [], writes: 0, duration: 0 };
  const known =
    found.removals.length + found.definitions.length > 0 ||
    found.stored.resourceVersion !== undefined ||
    (await isLocked(run));
  if (!known && !(namespace && isOurs(run, namespace))) return finish(run, none);
  const planned = planOf(found);
  const warnings = [...endingWarnings(namespace, 'destroy'), ...planned.warnings];
  const plan = { ...planned, warnings, ...deletedWith(run, namespace) };
  run.emit({ type: 'plan', plan });
  await refuseWithoutPermissions(run, plan);
  if (options.confirm && !(await options.confirm(plan))) throw declined(run);
  const kept: string[] = [];
  const gone: Removal[] = [];
  const { lockOnly } = await removing(run, namespace, async (hasRecord) => {
    // Another run may have worked between our look and our lock: what it made has to go too.
    const { stored, removals, definitions, ...rest } = await find(run, options);
    await removeInOrder(run, removals);
    gone.push(...removals);
    for (const definition of definitions) await removeDefinition(run, definition, { kept, gone });
    kept.push(...rest.kept, ...rest.left);
    if (hasRecord && stored.resourceVersion) await removeRecord(run, stored, stored);
  });
  const end = await removeNamespace(run, goesWithAll(run, found.inventory), { lockOnly });
  return finish(run, {
    ...none,
    ...end,
    objects: gone.map(({ address }): DeployedObject => ({ ...address, action: 'deleted', ready: true })),
    kept: [...kept, ...end.kept],
  });
}

/** What is to go, and the record that it was found by. */
interface Found {
  readonly stored: StoredRecord;
  readonly removals: readonly Removal[];
  readonly definitions: readonly DefinitionRemoval[];
  /** Definitions that stay as nobody asked for their end. */
  readonly left: readonly string[];
  /** Secrets that are marked `keep`. */
  readonly kept: readonly string[];
  /** What has our label from somebody else. */
  readonly copied: readonly KubernetesObject[];
  readonly inventory: World['inventory'];
}

async function find(run: Run, { definition }: DestroyOptions): Promise<Found> {
  const [instance, stored, definitions, left] = await Promise.all([
    readInstance(run),
    readSoundRecord(run),
    definition ? findDefinitions(run) : [],
    definition ? [] : leftDefinitions(run),
  ]);
  throwProblems(subject(run), [...modeProblems(run, stored, {}), ...unfinishedMove(run, stored)]);
  if (instance && stored.record?.mode !== 'kro' && !ownFields(instance))
    throw foreignInstance(
      run,
      instance,
      'Delete it where it was made, or make it part of this deployment first: deploy it with --adopt.',
    );
  const made = instance ? [{ object: instance, address: addressOfInstance(run), wave: 3 }] : [];
  const secrets = await findSecrets(run, stored);
  return { ...secrets, stored, definitions, left, removals: [...made, ...secrets.removals] };
}

function finish(run: Run, result: DestroyResult): DestroyResult {
  return { ...result, writes: run.cluster.writes, duration: performance.now() - run.startedAt };
}

/** The Secrets that go, and those that stay. */
type FoundSecrets = Pick<Found, 'removals' | 'kept' | 'copied' | 'inventory'>;

async function findSecrets(run: Run, stored: StoredRecord): Promise<FoundSecrets> {
  const world = newWorld(run, { stored, namespace: undefined, existing: new Set() });
  await lookForOrphans(run, world);
  // The record is gone with its namespace, if there was one; the values of Secrets do not matter.
  if (!stored.record) await lookForSecrets({ ...run, readOnly: true }, world);
  throwProblems(subject(run), [...(world.denied as never[]), ...unlistedProblems(run, world)]);
  await readInventory(run, world);
  if (world.damage) throw world.damage;
  const ours = [...world.live.all()].map(([, object]) => object).filter((object) => isOurs(run, object));
  const made = ours.filter((object) => isMade(run, object, world.inventory));
  const goes = goesWithAll(run, world.inventory);
  return {
    removals: made.filter(goes).map((object) => ({ object, address: orphanAddress(world, object), wave: 2 })),
    kept: made.filter((object) => !goes(object)).map(({ kind, metadata: { name } }) => `${kind} ${name}`),
    copied: ours.filter((object) => !made.includes(object)),
    inventory: world.inventory,
  };
}

interface DefinitionRemoval extends Removal {
  readonly graph: Graph;
}

/** The graph's own definition first, those that it is chained to after it. */
async function findDefinitions(run: Run): Promise<readonly DefinitionRemoval[]> {
  const graphs = [...definitionsOf(run.graph)].reverse();
  const found = await Promise.all(
    graphs.map(async (graph) => ({
      graph,
      live: await run.cluster.get({ ...definitionKind, name: graph.name }, { signal: run.signal }),
    })),
  );
  return found
    .filter(
      (each): each is { graph: Graph; live: KubernetesObject } =>
        each.live !== undefined && ownFields(each.live) !== undefined,
    )
    .map(({ graph, live }) => ({ graph, object: live, address: addressOfDefinition(graph), wave: 1 }));
}

/** A role that may not delete definitions need not see them: then they are taken to be there. */
async function leftDefinitions(run: Run): Promise<readonly string[]> {
  try {
    return (await findDefinitions(run)).map(({ graph }) => leftText(graph));
  } catch (error) {
    if (isApiError(error, 'Forbidden')) return [leftText(run.graph)];
    throw error;
  }
}

function leftText({ name }: Graph): string {
  return `ResourceGraphDefinition ${name}: --definition deletes it`;
}

/** Without its definition an instance could not be deleted any more, so none may be left. */
async function removeDefinition(
  run: Run,
  definition: DefinitionRemoval,
  { kept, gone }: { readonly kept: string[]; readonly gone: Removal[] },
): Promise<void> {
  const left = await instancesOf(run, definition.graph);
  if (left.length > 0) {
    const names = namesOf(left);
    kept.push(`ResourceGraphDefinition ${definition.graph.name}: it has instances: ${names}`);
    run.emit({
      type: 'warning',
      message: `ResourceGraphDefinition ${definition.graph.name} stays, as it has instances: ${names}`,
    });
    return;
  }
  await removeInOrder(run, [definition]);
  gone.push(definition);
}

function planOf({ removals, definitions, left, kept, copied }: Found): Plan {
  return {
    changes: [...removals, ...definitions].map(({ address }) => ({ ...address, action: 'delete', fields: [] })),
    pending: [],
    changed: true,
    warnings: [
      ...left.map((text) => `stays: ${text}`),
      ...kept.map((name) => `${name} is marked \`keep\` and stays`),
      ...copiedWarnings(copied),
    ],
    problems: [],
  };
}
