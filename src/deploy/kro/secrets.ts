import { KubewrightError } from '../../errors.ts';
import type { Graph, GraphNode } from '../../graph/graph.ts';
import { splitSecretPaths } from '../../kro/secrets.ts';
import { settle } from '../../resolve/offline.ts';
import type { ResolvedObject } from '../../resolve/resolution.ts';
import { applyTask } from '../apply.ts';
import { decide, hasOrphans } from '../decide.ts';
import { toDesired, type Desired } from '../desired.ts';
import { addressOf, outcomeOf } from '../item.ts';
import type { DeployedObject, DeployOptions } from '../options.ts';
import { readRecord, type StoredRecord } from '../record.ts';
import { readNamespace } from '../namespace.ts';
import type { Run } from '../run.ts';
import { existingSecrets } from '../secrets.ts';
import { look, lookForForeign, lookForOrphans, newWorld, readInventory, type World } from '../world.ts';

/** What the graph means without a cluster: which Secrets we make, and where everything is. */
export interface Outline {
  readonly secrets: readonly ResolvedObject[];
  readonly objects: readonly ResolvedObject[];
  readonly problems: readonly Error[];
}

/** Secrets with values never enter a definition: they are made by us, before or beside the instance. */
export function outline(run: Run): Outline {
  if (run.restored) return outlineOf(run, run.restored.secrets);
  const paths = new Set(splitSecretPaths(run.graph));
  const { objects, skipped } = settle(run.graph, run.instance);
  const secrets = objects.filter(({ path }) => paths.has(path));
  const made = new Set(secrets.map(({ path }) => path));
  const isSkipped = (path: string): boolean => skipped.some((other) => path === other || path.startsWith(`${other}/`));
  const problems = [...paths]
    .filter((path) => !made.has(path) && !isSkipped(path))
    .map(
      (path) =>
        new KubewrightError({
          code: 'KroSecretData',
          resource: path,
          message: 'its Secret has values of its own and needs data that only the cluster has',
          hint: 'Let it read only the spec, or deploy in mode direct.',
        }),
    );
  return { secrets, objects, problems };
}

/** A definition that is restored only reads its Secrets, and they are known. */
function outlineOf({ graph, instance }: Run, secrets: readonly ResolvedObject[]): Outline {
  return { secrets, objects: [...secrets, ...settle(graph, instance).objects], problems: [] };
}

/** The Secrets as they are and as they are wanted. */
export async function readSecrets(run: Run, { secrets, objects }: Outline, known?: StoredRecord): Promise<World> {
  run.secretValues.learnNames(objects.map(({ object }) => object.metadata.name));
  const [stored, namespace] = await Promise.all([known ?? readRecord(run), readNamespace(run)]);
  const world = newWorld(run, { stored, namespace, existing: existingSecrets(run.graph, run.secrets) });
  world.resolution = { ...world.resolution, objects: secrets, externals: [], pending: [] };
  world.desired = await toDesired(run, secrets, { ...world.wishes, before: [] });
  world.live.place(world.desired);
  await look(run, world);
  await Promise.all([lookForOrphans(run, world), lookForForeign(run, world)]);
  if (run.repairRecord || (!run.readOnly && hasOrphans(run, world))) await readInventory(run, world);
  return world;
}

/** Lists where the Secrets of the graph are. */
export async function lookForSecrets(run: Run, world: World): Promise<void> {
  world.desired = await toDesired(run, outline(run).secrets, { ...world.wishes, before: [] });
  await look(run, world);
}

/** Whether a Secret's namespace is one that the graph makes, so that it can come only after the instance. */
export function comesLater({ objects }: Outline, { namespace }: Desired): boolean {
  return objects.some(({ object }) => object.kind === 'Namespace' && object.metadata.name === namespace);
}

/** Writes the Secrets that differ. */
export function makeSecrets(
  run: Run,
  world: World,
  { wanted, options }: { readonly wanted: readonly Desired[]; readonly options: DeployOptions },
): Promise<readonly DeployedObject[]> {
  return Promise.all(
    wanted.map(async (desired): Promise<DeployedObject> => {
      const action = decide(desired, world);
      if (action !== 'unchanged' && action !== 'check') {
        const live = world.live.object(desired.key) ?? world.foreign.get(desired.key);
        const { adopt, take } = options;
        world.live.set(
          await applyTask(run, { desired, action, live, options: { adopt, take }, mayAppear: () => true }),
        );
        run.emit({ type: 'object', object: addressOf(desired), action: outcomeOf(action) });
      }
      return { ...addressOf(desired), action: outcomeOf(action), ready: true };
    }),
  );
}

/** Nodes of a graph that kro makes objects of. */
export function madeByKro(graph: Graph): readonly GraphNode[] {
  const secrets = new Set(splitSecretPaths(graph));
  return graph.nodes.filter(({ id, external }) => !external && !secrets.has(id));
}
