import { throwProblems } from '../../errors.ts';
import { definitionsOf } from '../../kro/chain.ts';
import type { Graph } from '../../graph/graph.ts';
import type { KubernetesObject } from '../../cluster/cluster.ts';
import { declined } from '../declined.ts';
import type { DestroyResult } from '../destroy.ts';
import { removeRecord } from '../journal.ts';
import { isLocked, withLock } from '../lock.ts';
import { readNamespace, removeNamespace } from '../namespace.ts';
import { unfinishedMove } from '../migrate.ts';
import { modeProblems } from '../mode.ts';
import type { DestroyOptions, Plan } from '../options.ts';
import { ownFields } from '../ownership.ts';
import { refuseWithoutPermissions } from '../permissions.ts';
import { readSoundRecord, type StoredRecord } from '../record.ts';
import { removeInOrder, type Removal } from '../remove.ts';
import { subject, type Run } from '../run.ts';
import { isOurs } from '../decide.ts';
import { lookForOrphans, newWorld, readInventory } from '../world.ts';
import { addressOfDefinition, instancesOf } from './definition.ts';
import { definitionKind, missingKro } from './installed.ts';
import { addressOfInstance, readInstance } from './instance.ts';

/** Deletes the instance and waits until kro has deleted what it made; then the Secrets, and the definition when asked. */
export async function destroyWithKro(run: Run, options: DestroyOptions): Promise<DestroyResult> {
  const missing = await missingKro(run);
  if (missing) throw missing;
  const [found, namespace] = await Promise.all([find(run, options), readNamespace(run)]);
  const plan = planOf([...found.removals, ...found.definitions]);
  const none: DestroyResult = { objects: [], kept: [], writes: 0, duration: 0 };
  if (!namespace) return finish(run, none);
  const known = plan.changes.length > 0 || found.stored.resourceVersion !== undefined || (await isLocked(run));
  if (!known && !isOurs(run, namespace)) return finish(run, none);
  run.emit({ type: 'plan', plan });
  await refuseWithoutPermissions(run, plan);
  if (options.confirm && !(await options.confirm(plan))) throw declined(run);
  const kept: string[] = [];
  const gone: Removal[] = [];
  await withLock(run, async () => {
    // Another run may have worked between our look and our lock: what it made has to go too.
    const { stored, removals, definitions } = await find(run, options);
    await removeInOrder(run, removals);
    gone.push(...removals);
    for (const definition of definitions) await removeDefinition(run, definition, { kept, gone });
    if (stored.resourceVersion) await removeRecord(run, stored, stored);
  });
  await removeNamespace(run);
  return finish(run, {
    ...none,
    objects: gone.map(({ address }) => ({ ...address, action: 'deleted', ready: true })),
    kept,
  });
}

/** What is to go, and the record that it was found by. */
interface Found {
  readonly stored: StoredRecord;
  readonly removals: readonly Removal[];
  readonly definitions: readonly DefinitionRemoval[];
}

async function find(run: Run, { definition }: DestroyOptions): Promise<Found> {
  const [instance, stored, definitions] = await Promise.all([
    readInstance(run),
    readSoundRecord(run),
    definition ? findDefinitions(run) : [],
  ]);
  throwProblems(subject(run), [...modeProblems(run, stored, {}), ...unfinishedMove(run, stored)]);
  const made = instance ? [{ object: instance, address: addressOfInstance(run), wave: 3 }] : [];
  return { stored, definitions, removals: [...made, ...(await findSecrets(run, stored))] };
}

function finish(run: Run, result: DestroyResult): DestroyResult {
  return { ...result, writes: run.cluster.writes, duration: performance.now() - run.startedAt };
}

async function findSecrets(run: Run, stored: StoredRecord): Promise<readonly Removal[]> {
  const world = newWorld({ stored, namespace: undefined, existing: new Set() });
  await lookForOrphans(run, world);
  throwProblems(subject(run), world.denied as never);
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

/** Without its definition an instance could not be deleted any more, so none may be left. */
async function removeDefinition(
  run: Run,
  definition: DefinitionRemoval,
  { kept, gone }: { readonly kept: string[]; readonly gone: Removal[] },
): Promise<void> {
  const left = await instancesOf(run, definition.graph);
  if (left.length > 0) {
    const names = left.map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`).join(', ');
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

function planOf(removals: readonly Removal[]): Plan {
  return {
    changes: removals.map(({ address }) => ({ ...address, action: 'delete', fields: [] })),
    pending: [],
    changed: true,
    warnings: [],
    problems: [],
  };
}
