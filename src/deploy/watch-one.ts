import { isApiError } from '../cluster/api-error.ts';
import type { KubernetesObject, ObjectReference } from '../cluster/cluster.ts';
import { informer } from '../cluster/watch.ts';
import type { Run } from './run.ts';

/** What is decided about an object each time that it changes; `undefined`: go on waiting. */
export type Decide<T> = (object: KubernetesObject | undefined) => T | undefined;

/** How often a decision that depends on time is asked for again; no request is made for it. */
const recheckMs = 500;

/**
 * Follows one object until something is decided about it. An error that `decide` throws ends it too.
 *
 * @throws the reason of the run's signal when it is aborted before
 */
export async function watchOne<T>(run: Run, ref: ObjectReference, decide: Decide<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const look = (object: KubernetesObject | undefined): void => {
    try {
      const decided = decide(object);
      if (decided !== undefined) resolve(decided);
    } catch (error) {
      reject(error);
    }
  };
  const { apiVersion, kind, name, namespace } = ref;
  const watching = informer(
    run.cluster,
    { apiVersion, kind, namespace, fieldSelector: `metadata.name=${name}` },
    {
      onChange: ({ type, object }) => look(type === 'deleted' ? undefined : object),
      onError: (error) => {
        if (isApiError(error, 'Forbidden', 'Unauthorized')) reject(error);
      },
    },
  );
  const abort = (): void => reject(run.signal.reason);
  run.signal.addEventListener('abort', abort, { once: true });
  if (run.signal.aborted) abort();
  const clock = setInterval(() => {
    const known = watching.object(name, namespace);
    if (known) look(known);
  }, recheckMs);
  void watching.ready.then(
    () => {
      if (!watching.object(name, namespace)) look(undefined);
    },
    () => undefined,
  );
  try {
    return await promise;
  } finally {
    clearInterval(clock);
    run.signal.removeEventListener('abort', abort);
    watching.stop();
  }
}
