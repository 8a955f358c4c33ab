import { isApiError } from '../../cluster/api-error.ts';
import type { KubernetesObject } from '../../cluster/cluster.ts';
import { KubewrightError } from '../../errors.ts';
import type { Graph } from '../../graph/graph.ts';
import { splitSecretPaths } from '../../kro/secrets.ts';
import { resolve } from '../../resolve/resolve.ts';
import type { Instance, Observed, Resolution, ResolvedObject } from '../../resolve/resolution.ts';
import { diff } from '../diff.ts';
import { keyOf, refOf } from '../identity.ts';
import { impactOf, type Transition } from '../impact.ts';
import type { FieldChange, Impact, PlannedChange } from '../options.ts';
import type { Run } from '../run.ts';
import { look, newWorld, type World } from '../world.ts';
import { isInstance, nodeIdOf } from './claim.ts';
import type { PlannedDefinition } from './definition.ts';
import { definitionKind } from './installed.ts';
import type { PlannedInstance } from './instance.ts';
import { graphsOf } from './restoring.ts';

/** What kro would do to the objects that it makes. */
export interface Consequences {
  readonly changes: readonly PlannedChange[];
  /** Absent where it cannot be known, which is said in `warnings`. */
  readonly impact?: Impact;
  readonly warnings: readonly string[];
}

/** What is about to change, and what there is. */
interface Changing {
  readonly definitions: readonly PlannedDefinition[];
  readonly instance: PlannedInstance;
  /** The Secrets beside it, and what else was read. */
  readonly world: World;
  /** What there is now of what kro will make. */
  readonly members: () => Promise<readonly KubernetesObject[]>;
}

const nothing: Consequences = { changes: [], impact: { restarts: [], endpoints: [] }, warnings: [] };

/** Compares what kro makes of the definition and the instance as they are with what it will make of them. */
export async function consequencesOf(run: Run, changing: Changing): Promise<Consequences> {
  const { definitions, instance } = changing;
  if ([...definitions, instance].every(({ change }) => change.action === 'unchanged')) return nothing;
  try {
    const transitions = await transitionsOf(run, changing);
    return { changes: transitions.map(({ change }) => change), impact: impactOf(transitions), warnings: [] };
  } catch (error) {
    const isUnknown = isApiError(error) ? error.code === 'Forbidden' : error instanceof KubewrightError;
    if (!isUnknown) throw error;
    return { changes: [], warnings: [`which pods restart or end is not known: ${(error as Error).message}`] };
  }
}

async function transitionsOf(run: Run, changing: Changing): Promise<readonly Transition[]> {
  const { world } = changing;
  const members = await changing.members();
  const live = new Map(members.map((object) => [keyOf(refOf(object)), object]));
  const after = await meaning(run, world, { graph: run.graph, instance: run.instance, live });
  const before = await meaningBefore(run, changing, live);
  const secrets = new Set(splitSecretPaths(run.graph));
  const made = after.objects.filter(({ path }) => !secrets.has(path));
  const wanted = new Set(made.map(({ object }) => keyOf(refOf(object))));
  const pending = new Set(after.pending.map(({ path }) => path.split('/').at(-1)));
  const gone = [...live].filter(
    ([key, object]) => !wanted.has(key) && !isInstance(object) && !pending.has(nodeIdOf(object)),
  );
  return [
    ...made.map(({ label, object }): Transition => {
      const now: KubernetesObject = object;
      const key = keyOf(refOf(now));
      const there = live.get(key);
      const fields = there ? changesOf(there, before.get(key)?.object, now) : [];
      const action = there ? (fields.length > 0 ? 'update' : 'unchanged') : 'create';
      return { change: { label, ...refOf(now), action, fields }, before: there, after: now };
    }),
    ...gone.map(([key, object]): Transition => {
      const label = before.get(key)?.label ?? nodeIdOf(object) ?? object.metadata.name;
      return { change: { label, ...refOf(object), action: 'delete', fields: [] }, before: object, after: undefined };
    }),
  ];
}

/** What was asked for before tells also what is no longer asked for; without it, what is there has to do. */
function changesOf(
  live: KubernetesObject,
  before: KubernetesObject | undefined,
  after: KubernetesObject,
): readonly FieldChange[] {
  return before ? diff(before, after) : diff(live, overlay(live, after) as KubernetesObject);
}

interface Meaning {
  readonly graph: Graph;
  readonly instance: Instance;
  readonly live: ReadonlyMap<string, KubernetesObject>;
}

/** What a graph means once it is made: every object as it will be, with the status that it has. */
async function meaning(run: Run, { stored, namespace, live: ours }: World, asked: Meaning): Promise<Resolution> {
  const { graph, instance, live } = asked;
  // What is read for the plan may be another one when it is deployed.
  const world = newWorld(run, { stored, namespace, existing: new Set() });
  const observed: Observed = {
    get: (path) => world.live.get(path) ?? ours.get(path),
    make: ({ object }) => {
      const there = live.get(keyOf(refOf(object)));
      return (there ? overlay(there, object) : object) as KubernetesObject;
    },
  };
  for (;;) {
    const resolution = resolve(graph, instance, observed, { ignoreReadiness: true });
    world.resolution = resolution;
    if (!(await look(run, world))) return resolution;
  }
}

/** What kro was asked to make, by key: empty where the definition of now cannot be read, or there is none. */
async function meaningBefore(
  run: Run,
  { definitions, instance, world }: Changing,
  live: ReadonlyMap<string, KubernetesObject>,
): Promise<ReadonlyMap<string, ResolvedObject>> {
  const known = definitions.flatMap((definition) => definition.live ?? []);
  if (!instance.live || !known.some(({ metadata }) => metadata.name === run.graph.name)) return new Map();
  const inner = await definitionsOfInstances(run, [...live.values()], known);
  try {
    const graph = graphsOf([...known, ...inner]).find(({ name }) => name === run.graph.name) as Graph;
    const { name, labels, annotations } = instance.live.metadata;
    const spec = (instance.live['spec'] ?? {}) as Instance['spec'];
    const was = { name, namespace: run.instance.namespace, labels, annotations, spec };
    const { objects } = await meaning(run, world, { graph, instance: was, live });
    return new Map(objects.map((each) => [keyOf(refOf(each.object)), each]));
  } catch (error) {
    if (error instanceof KubewrightError && !isApiError(error)) return new Map();
    throw error;
  }
}

/** Definitions of instances inside of the instance that the graph does not have any more. */
async function definitionsOfInstances(
  run: Run,
  members: readonly KubernetesObject[],
  known: readonly KubernetesObject[],
): Promise<readonly KubernetesObject[]> {
  const names = new Set(members.filter(isInstance).flatMap(({ metadata }) => metadata.labels?.[definitionLabel] ?? []));
  for (const { metadata } of known) names.delete(metadata.name);
  const read = async (name: string): Promise<readonly KubernetesObject[]> => {
    const found = await run.cluster.get({ ...definitionKind, name }, { signal: run.signal });
    return found ? [found] : [];
  };
  return (await Promise.all([...names].map(read))).flat();
}

const definitionLabel = 'kro.run/resource-graph-definition-name';

/** An object with the fields of another one over its own. */
function overlay(below: unknown, above: unknown): unknown {
  if (Array.isArray(below) && Array.isArray(above) && below.length === above.length)
    return above.map((item, index) => overlay(below[index], item));
  if (!isRecord(below) || !isRecord(above)) return above;
  const merged = Object.entries(above).map(([name, value]) => [name, overlay(below[name], value)]);
  return { ...below, ...Object.fromEntries(merged) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
