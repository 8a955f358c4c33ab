import { isApiError } from '../cluster/api-error.ts';
import type { KubernetesObject, ObjectReference } from '../cluster/cluster.ts';
import { isOurs } from './decide.ts';
import { isEnding, untilGone } from './ending-namespace.ts';
import { fieldManager, keys } from './identity.ts';
import { withLock } from './lock.ts';
import { foreignContent } from './namespace-content.ts';
import { removeInOrder } from './remove.ts';
import { isPassing, retrying } from './retry.ts';
import type { Run } from './run.ts';

/** The namespace of the instance, where it exists. */
export async function readNamespace(run: Run): Promise<KubernetesObject | undefined> {
  return run.cluster.get(namespaceRef(run), { signal: run.signal });
}

/** Creates the namespace with our label in the same request, so that destroying knows whose it is. */
export async function ensureNamespace(
  run: Run,
  known: KubernetesObject | undefined,
): Promise<{ readonly createdNamespace?: string }> {
  if (known && !isEnding(known)) return {};
  if (known) await untilGone(run, known);
  const { namespace: name, id } = run.identity;
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { [keys.partOf]: id } } };
  const created = await retrying(
    async () => {
      try {
        await run.cluster.create(body, { fieldManager });
        return true;
      } catch (error) {
        if (!isApiError(error, 'AlreadyExists')) throw error;
        const found = await readNamespace(run);
        if (found && !isEnding(found)) return false;
        if (found) await untilGone(run, found);
        throw error;
      }
    },
    { signal: run.signal, heals: (error) => isPassing(error) || isApiError(error, 'AlreadyExists') },
  );
  if (!created) return {};
  run.emit({ type: 'namespace', name, action: 'created' });
  return { createdNamespace: name };
}

/**
 * Removes under the lock. Where the namespace is gone and something elsewhere is left, it comes back for the lock alone, of which
 * nothing is told; where it is being deleted no lock can be made in it, and the record goes with it.
 */
export async function removing<T>(
  run: Run,
  known: KubernetesObject | undefined,
  work: (hasRecord: boolean) => Promise<T>,
): Promise<{ readonly removed: T; readonly lockOnly: boolean }> {
  if (isEnding(known)) return { removed: await work(false), lockOnly: false };
  const { createdNamespace } = await ensureNamespace(untold(run), known);
  const lockOnly = createdNamespace !== undefined && !(known && isOurs(run, known));
  return { removed: await withLock(run, () => work(true)), lockOnly };
}

function untold(run: Run): Run {
  return { ...run, emit: (event) => event.type !== 'namespace' && run.emit(event) };
}

/** How a plan says that the namespace goes too. */
export function deletedWith(run: Run, namespace: KubernetesObject | undefined): { readonly deletesNamespace?: string } {
  return namespace && isOurs(run, namespace) ? { deletesNamespace: namespace.metadata.name } : {};
}

/** What became of the namespace, as a result says it. */
export interface NamespaceEnd {
  readonly deletedNamespace?: string;
  readonly kept: readonly string[];
}

/**
 * Deletes the namespace when it is ours and holds nothing foreign; says why when it stays.
 *
 * @param goes whether an object in it is no reason to keep it
 */
export async function removeNamespace(
  run: Run,
  goes: (object: KubernetesObject) => boolean,
  { lockOnly = false }: { readonly lockOnly?: boolean } = {},
): Promise<NamespaceEnd> {
  const found = await readNamespace(run);
  if (!found || !isOurs(run, found)) return { kept: [] };
  const { namespace: name } = run.identity;
  const reason = isEnding(found) ? undefined : (await foreignContent(run, [name], goes)).get(name);
  if (reason !== undefined) {
    run.emit({ type: 'namespace', name, action: 'kept', reason });
    return { kept: [`Namespace ${name}: ${reason}`] };
  }
  const { apiVersion, kind } = found;
  const address = { label: `namespace ${name}`, apiVersion, kind, name };
  // Its end is told as the namespace's, beside the objects.
  const emit: Run['emit'] = (event) => event.type !== 'object' && run.emit(event);
  await removeInOrder({ ...run, emit }, [{ object: found, address, wave: 0 }]);
  if (!lockOnly) run.emit({ type: 'namespace', name, action: 'deleted' });
  return lockOnly ? { kept: [] } : { deletedNamespace: name, kept: [] };
}

function namespaceRef(run: Run): ObjectReference {
  return { apiVersion: 'v1', kind: 'Namespace', name: run.identity.namespace };
}
