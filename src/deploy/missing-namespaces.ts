import { isApiError } from '../cluster/api-error.ts';
import { KubewrightError } from '../errors.ts';
import { decide } from './decide.ts';
import type { Desired } from './desired.ts';
import { describe } from './identity.ts';
import type { Run } from './run.ts';
import { manyNamespaces, type World } from './world.ts';

const kind = { apiVersion: 'v1', kind: 'Namespace' } as const;

/**
 * Objects that would be created where no namespace is and none is made: a deployment, which leaves the rest to the creation
 * itself, would find that out only after others were written.
 *
 * @param mayCome whether something that changes before an object may bring what it needs
 */
export async function namespaceProblems(
  run: Run,
  world: World,
  mayCome: (desired: Desired) => boolean,
): Promise<readonly Error[]> {
  // What is not known yet may be a namespace.
  if (run.graph.nodes.some(({ id, kind: of }) => of === kind.kind && isPending(world, id))) return [];
  const made = new Set(world.desired.filter((each) => each.kind === kind.kind).map(({ name }) => name));
  const outside = world.desired.filter(
    (desired) =>
      run.kinds.get(`${desired.apiVersion}/${desired.kind}`)?.namespaced === true &&
      desired.namespace !== undefined &&
      desired.namespace !== run.identity.namespace &&
      !made.has(desired.namespace) &&
      decide(desired, world) === 'create' &&
      !mayCome(desired),
  );
  const missing = await missingOf(run, [...new Set(outside.map(({ namespace = '' }) => namespace))]);
  return outside.filter(({ namespace = '' }) => missing.has(namespace)).map((desired) => namespaceMissing(desired));
}

/** The refusal to create an object where no namespace is. */
export function namespaceMissing(desired: Desired, cause?: unknown): KubewrightError {
  const { namespace = '' } = desired;
  const source = desired.node.source();
  return new KubewrightError({
    code: 'NamespaceNotFound',
    resource: desired.label,
    path: 'metadata.namespace',
    message: `${describe(desired)} cannot be made, as Namespace ${namespace} does not exist${source ? ` (${source})` : ''}`,
    hint: 'Check the name, create it, or add it to the graph.',
    cause,
  });
}

async function missingOf(run: Run, names: readonly string[]): Promise<ReadonlySet<string>> {
  if (names.length === 0) return new Set();
  try {
    if (names.length > manyNamespaces) {
      const { items } = await run.cluster.list(kind, { signal: run.signal });
      const found = new Set(items.map(({ metadata }) => metadata.name));
      return new Set(names.filter((name) => !found.has(name)));
    }
    const found = await Promise.all(names.map((name) => isMissing(run, name)));
    return new Set(names.filter((_, index) => found[index]));
  } catch (error) {
    if (!isApiError(error, 'Forbidden')) throw error;
    return new Set();
  }
}

/** Who may not read it finds out by the creation. */
async function isMissing(run: Run, name: string): Promise<boolean> {
  try {
    return !(await run.pool.run(() => run.cluster.get({ ...kind, name }, { signal: run.signal })));
  } catch (error) {
    if (!isApiError(error, 'Forbidden')) throw error;
    return false;
  }
}

function isPending({ resolution: { pending } }: World, id: string): boolean {
  return pending.some(({ path }) => path === id);
}
