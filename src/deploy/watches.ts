import { isApiError } from '../cluster/api-error.ts';
import type { KubernetesObject, ListQuery } from '../cluster/cluster.ts';
import { informer, type Informer } from '../cluster/watch.ts';
import type { ExternalRead } from '../resolve/resolution.ts';
import { keys, keyOf, refOf } from './identity.ts';
import type { Run } from './run.ts';
import { externalQuery, scopeKey, type World } from './world.ts';

/** What a change is reported to. */
export interface WatchListener {
  /** An object of this deployment changed, or is gone. */
  readonly onObject: (key: string, gone: boolean) => void;
  readonly onExternal: () => void;
  /** No retry heals it, such as a missing permission. */
  readonly onFailure: (error: unknown) => void;
}

/** One list-and-watch per kind and namespace, started when somebody waits for an object there. */
export class Watches {
  readonly #run: Run;
  readonly #world: World;
  readonly #listener: WatchListener;
  readonly #informers = new Map<string, Informer>();

  constructor(run: Run, world: World, listener: WatchListener) {
    this.#run = run;
    this.#world = world;
    this.#listener = listener;
  }

  /** Follows the objects of this deployment in a scope. */
  objects(scope: ListQuery): void {
    if (this.#informers.has(scopeKey({ ...scope, namespace: undefined }))) return;
    const query = { ...scope, labelSelector: `${keys.partOf}=${this.#run.identity.id}` };
    this.#follow(scopeKey(scope), query, (object, gone) => {
      const key = keyOf(refOf(object));
      if (gone) this.#world.live.delete(key);
      else if (!this.#world.live.set(object)) return;
      this.#listener.onObject(key, gone);
    });
  }

  /** Follows what is read and not made. */
  external(external: ExternalRead): void {
    const id = `external ${external.path}`;
    this.#follow(id, externalQuery(external), () => {
      const found = [...(this.#informers.get(id)?.objects() ?? [])];
      this.#world.live.setExternal(external.path, 'name' in external.by ? found[0] : found);
      this.#listener.onExternal();
    });
  }

  stop(): void {
    for (const each of this.#informers.values()) each.stop();
    this.#informers.clear();
  }

  #follow(id: string, query: ListQuery, onChange: (object: KubernetesObject, gone: boolean) => void): void {
    if (this.#informers.has(id)) return;
    const started = informer(this.#run.cluster, query, {
      onChange: ({ type, object }) => onChange(object, type === 'deleted'),
      // Who owns which field decides whether an object is unchanged.
      transform: (object) => object,
      onError: (error) => {
        if (isApiError(error, 'Forbidden', 'Unauthorized')) this.#listener.onFailure(error);
      },
    });
    this.#informers.set(id, started);
  }
}
