import { isApiError } from '../cluster/api-error.ts';
import type { KubernetesObject, ObjectReference } from '../cluster/cluster.ts';
import { isOurs } from './decide.ts';
import { fieldManager, keys } from './identity.ts';
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
  if (known && !known.metadata.deletionTimestamp) return {};
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
        if (found && !found.metadata.deletionTimestamp) return false;
        throw error;
      }
    },
    { signal: run.signal, heals: (error) => isPassing(error) || isApiError(error, 'AlreadyExists') },
  );
  if (!created) return {};
  run.emit({ type: 'namespace', name, action: 'created' });
  return { createdNamespace: name };
}

/** Where the namespace is gone and something elsewhere is left: it comes back for the lock alone, of which nothing is told. */
export async function ensureForLock(
  run: Run,
  known: KubernetesObject | undefined,
): Promise<{ readonly lockOnly: boolean }> {
  const { createdNamespace } = await ensureNamespace(untold(run), known);
  return { lockOnly: createdNamespace !== undefined && !(known && isOurs(run, known)) };
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
  const reason = found.metadata.deletionTimestamp ? undefined : (await foreignContent(run, [name], goes)).get(name);
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
