import { throwProblems } from '../../errors.ts';
import { definitionsOf } from '../../kro/chain.ts';
import type { Graph } from '../../graph/graph.ts';
import type { KubernetesObject } from '../../cluster/cluster.ts';
import { isApiError } from '../../cluster/api-error.ts';
import { declined } from '../declined.ts';
import type { DestroyResult } from '../destroy.ts';
import { removeRecord } from '../journal.ts';
import { isLocked, withLock } from '../lock.ts';
import { deletedWith, readNamespace, removeNamespace } from '../namespace.ts';
import { unfinishedMove } from '../migrate.ts';
import { modeProblems } from '../mode.ts';
import type { DeployedObject, DestroyOptions, Plan } from '../options.ts';
import { ownFields } from '../ownership.ts';
import { refuseWithoutPermissions } from '../permissions.ts';
import { readSoundRecord, type StoredRecord } from '../record.ts';
import { removeInOrder, type Removal } from '../remove.ts';
import { subject, type Run } from '../run.ts';
import { unlistedProblems } from '../served.ts';
import { goesWithAll, isOurs } from '../decide.ts';
import { lookForOrphans, newWorld, readInventory } from '../world.ts';
import { addressOfDefinition } from './definition.ts';
import { instancesOf, namesOf } from './instances.ts';
import { definitionKind, missingKro } from './installed.ts';
import { addressOfInstance, readInstance } from './instance.ts';

/** Deletes the instance and waits until kro has deleted what it made; then the Secrets, and the definition when asked. */
export async function destroyWithKro(run: Run, options: DestroyOptions): Promise<DestroyResult> {
  const missing = await missingKro(run);
  if (missing) throw missing;
  const [found, namespace] = await Promise.all([find(run, options), readNamespace(run)]);
  const none: DestroyResult = { objects: [], kept: [], writes: 0, duration: 0 };
  if (!namespace) return finish(run, none);
  const known =
    found.removals.length + found.definitions.length > 0 ||
    found.stored.resourceVersion !== undefined ||
    (await isLocked(run));
  if (!known && !isOurs(run, namespace)) return finish(run, none);
  const plan = { ...planOf(found), ...deletedWith(run, namespace) };
  run.emit({ type: 'plan', plan });
  await refuseWithoutPermissions(run, plan);
  if (options.confirm && !(await options.confirm(plan))) throw declined(run);
  const kept: string[] = [];
  const gone: Removal[] = [];
  await withLock(run, async () => {
    // Another run may have worked between our look and our lock: what it made has to go too.
    const { stored, removals, definitions, left } = await find(run, options);
    await removeInOrder(run, removals);
    gone.push(...removals);
    for (const definition of definitions) await removeDefinition(run, definition, { kept, gone });
    kept.push(...left);
    if (stored.resourceVersion) await removeRecord(run, stored, stored);
  });
  const end = await removeNamespace(run, goesWithAll(run));
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
}

async function find(run: Run, { definition }: DestroyOptions): Promise<Found> {
  const [instance, stored, definitions, left] = await Promise.all([
    readInstance(run),
    readSoundRecord(run),
    definition ? findDefinitions(run) : [],
    definition ? [] : leftDefinitions(run),
  ]);
  throwProblems(subject(run), [...modeProblems(run, stored, {}), ...unfinishedMove(run, stored)]);
  const made = instance ? [{ object: instance, address: addressOfInstance(run), wave: 3 }] : [];
  return { stored, definitions, left, removals: [...made, ...(await findSecrets(run, stored))] };
}

function finish(run: Run, result: DestroyResult): DestroyResult {
  return { ...result, writes: run.cluster.writes, duration: performance.now() - run.startedAt };
}

async function findSecrets(run: Run, stored: StoredRecord): Promise<readonly Removal[]> {
  const world = newWorld(run, { stored, namespace: undefined, existing: new Set() });
  await lookForOrphans(run, world);
  throwProblems(subject(run), [...(world.denied as never[]), ...unlistedProblems(run, world)]);
  await readInventory(run, world);
  if (world.damage) throw world.damage;
  return [...world.live.all()]
    .filter(([, object]) => isOurs(run, object))
    .map(([key, object]): Removal => {
      const {
        apiVersion,
        kind,
        metadata: { name, namespace },
      } = object;
      return {
        object,
        address: {
          label: world.inventory?.get(key)?.label ?? name,
          apiVersion,
          kind,
          name,
          ...(namespace !== undefined && { namespace }),
        },
        wave: 2,
      };
    });
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

function planOf({ removals, definitions, left }: Found): Plan {
  return {
    changes: [...removals, ...definitions].map(({ address }) => ({ ...address, action: 'delete', fields: [] })),
    pending: [],
    changed: true,
    warnings: left.map((text) => `stays: ${text}`),
    problems: [],
  };
}
