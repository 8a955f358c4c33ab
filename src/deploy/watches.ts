import { isApiError } from '../cluster/api-error.ts';
import type { KubernetesObject, ListQuery } from '../cluster/cluster.ts';
import { informer, type Informer } from '../cluster/watch.ts';
import type { ExternalRead } from '../resolve/resolution.ts';
import { isOurs } from './decide.ts';
import { keys, keyOf, refOf } from './identity.ts';
import type { Run } from './run.ts';
import { externalQuery, scopeKey, scopesOf, type World } from './world.ts';

/** What a change is reported to. */
export interface WatchListener {
  /** An object of this deployment changed, or is gone: then as it was seen last. */
  readonly onObject: (key: string, gone: KubernetesObject | undefined) => void;
  readonly onExternal: () => void;
  /** No retry heals it, such as a missing permission. */
  readonly onFailure: (error: unknown) => void;
}

interface Following {
  readonly onChange: (object: KubernetesObject, gone: boolean) => void;
  readonly onForbidden?: (() => void) | undefined;
}

/** One list-and-watch per kind and namespace, or per kind where lists are, started when somebody waits for an object there. */
export class Watches {
  readonly #run: Run;
  readonly #world: World;
  readonly #listener: WatchListener;
  readonly #informers = new Map<string, Informer>();
  /** Scopes that somebody waits in, by the one of their kind in the whole cluster. */
  readonly #asked = new Map<string, Map<string, ListQuery>>();
  /** Kinds that may not be watched in the whole cluster. */
  readonly #narrow = new Set<string>();
  #lists: { readonly of?: World['desired']; readonly keys: ReadonlySet<string> } = { keys: new Set() };

  constructor(run: Run, world: World, listener: WatchListener) {
    this.#run = run;
    this.#world = world;
    this.#listener = listener;
  }

  /** Follows the objects of this deployment in a scope. */
  objects(scope: ListQuery): void {
    const wide = { ...scope, namespace: undefined };
    const [id, wideId] = [scopeKey(scope), scopeKey(wide)];
    if (this.#informers.has(id)) return;
    const asked = this.#asked.get(wideId) ?? new Map<string, ListQuery>();
    this.#asked.set(wideId, asked.set(id, scope));
    if (this.#informers.has(wideId)) return;
    if (id === wideId || this.#narrow.has(wideId) || !this.#isListedWhole(wideId)) return this.#followObjects(scope);
    this.#followObjects(wide, () => {
      this.#narrow.add(wideId);
      this.#end(wideId);
      for (const each of asked.values()) this.#followObjects(each);
    });
    // Only then, so that nothing goes unseen in between.
    this.#informers.get(wideId)?.ready.then(
      () => [...asked.keys()].forEach((other) => this.#end(other)),
      () => undefined,
    );
  }

  /** Follows what is read and not made. */
  external(external: ExternalRead): void {
    const id = `external ${external.path}`;
    const onChange = (): void => {
      const found = [...(this.#informers.get(id)?.objects() ?? [])];
      this.#world.live.setExternal(external.path, 'name' in external.by ? found[0] : found);
      this.#listener.onExternal();
    };
    this.#follow(id, externalQuery(external), { onChange });
  }

  stop(): void {
    for (const each of this.#informers.values()) each.stop();
    this.#informers.clear();
  }

  /** Whether the objects of a kind are in so many namespaces that one list holds them all. */
  #isListedWhole(wideId: string): boolean {
    const { desired } = this.#world;
    if (this.#lists.of !== desired) this.#lists = { of: desired, keys: new Set(scopesOf(desired).map(scopeKey)) };
    return this.#lists.keys.has(wideId);
  }

  #followObjects(scope: ListQuery, onForbidden?: () => void): void {
    const query = { ...scope, labelSelector: `${keys.partOf}=${this.#run.identity.id}` };
    const known = [...this.#world.live.all()].filter(([, object]) => this.#isIn(scope, object));
    const onChange = (object: KubernetesObject, gone: boolean): void => {
      const key = keyOf(refOf(object));
      if (gone) this.#world.live.delete(key);
      else if (!this.#world.live.set(object)) return;
      this.#listener.onObject(key, gone ? object : undefined);
    };
    const id = scopeKey(scope);
    this.#follow(id, query, { onChange, onForbidden });
    const started = this.#informers.get(id);
    started?.ready.then(() => this.#findGone(known, started)).catch(() => undefined);
  }

  #isIn({ apiVersion, kind, namespace }: ListQuery, object: KubernetesObject): boolean {
    const isHere = namespace === undefined || object.metadata.namespace === namespace;
    return object.apiVersion === apiVersion && object.kind === kind && isHere && isOurs(this.#run, object);
  }

  /** What went between the list that it was read from and the first one here is in no event. */
  async #findGone(known: readonly (readonly [string, KubernetesObject])[], listed: Informer): Promise<void> {
    for (const [key, object] of known) {
      const { name, namespace, uid } = object.metadata;
      if (listed.object(name, namespace)) continue;
      if (await this.#run.cluster.get(refOf(object), { signal: this.#run.signal })) continue;
      if (this.#world.live.object(key)?.metadata.uid !== uid) continue;
      this.#world.live.delete(key);
      this.#listener.onObject(key, object);
    }
  }

  #end(id: string): void {
    this.#informers.get(id)?.stop();
    this.#informers.delete(id);
  }

  #follow(id: string, query: ListQuery, { onChange, onForbidden }: Following): void {
    if (this.#informers.has(id)) return;
    const started = informer(this.#run.cluster, query, {
      onChange: ({ type, object }) => onChange(object, type === 'deleted'),
      // Who owns which field decides whether an object is unchanged.
      transform: (object) => object,
      onError: (error) => {
        if (onForbidden && isApiError(error, 'Forbidden')) onForbidden();
        else if (isApiError(error, 'Forbidden', 'Unauthorized')) this.#listener.onFailure(error);
      },
    });
    this.#informers.set(id, started);
  }
}
