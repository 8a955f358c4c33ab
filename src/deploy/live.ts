import type { KubernetesObject } from '../cluster/cluster.ts';
import type { Observed, ObservedObject, NodePath } from '../resolve/resolution.ts';
import type { Desired } from './desired.ts';
import { keyOf, refOf } from './identity.ts';

/** The newest version of every object that was seen, by identity and, for `resolve`, by node. */
export class Live implements Observed {
  readonly #objects = new Map<string, KubernetesObject>();
  readonly #externals = new Map<NodePath, ObservedObject | readonly ObservedObject[] | undefined>();
  #places = new Map<NodePath, string | string[]>();
  readonly #onSeen: (object: KubernetesObject) => void;
  #version = 0;

  /** @param onSeen is told every object that comes into sight */
  constructor(onSeen: (object: KubernetesObject) => void) {
    this.#onSeen = onSeen;
  }

  /** Another number means that `get` may answer otherwise. */
  get version(): number {
    return this.#version;
  }

  get(path: NodePath): ObservedObject | readonly (ObservedObject | undefined)[] | undefined {
    if (this.#externals.has(path)) return this.#externals.get(path);
    const place = this.#places.get(path);
    if (place === undefined) return undefined;
    return typeof place === 'string' ? this.#objects.get(place) : place.map((key) => this.#objects.get(key));
  }

  object(key: string): KubernetesObject | undefined {
    return this.#objects.get(key);
  }

  all(): IterableIterator<[string, KubernetesObject]> {
    return this.#objects.entries();
  }

  /** Answers may overtake each other: an older version of the same object changes nothing. */
  set(object: KubernetesObject): boolean {
    const key = keyOf(refOf(object));
    const known = this.#objects.get(key);
    if (known && known.metadata.uid === object.metadata.uid && !isNewer(object, known)) return false;
    this.#objects.set(key, object);
    this.#onSeen(object);
    this.#version += 1;
    return true;
  }

  delete(key: string): void {
    if (this.#objects.delete(key)) this.#version += 1;
  }

  /** Which objects the nodes stand for. Says whether a node came into sight whose object was read already. */
  place(desired: readonly Desired[]): boolean {
    const places = new Map<NodePath, string | string[]>();
    let found = false;
    for (const { path, index, key } of desired) {
      found ||= !this.#places.has(path) && this.#objects.has(key);
      if (index === undefined) {
        places.set(path, key);
        continue;
      }
      const items = (places.get(path) as string[] | undefined) ?? [];
      items[index] = key;
      places.set(path, items);
    }
    let moved = false;
    for (const [path, place] of places) moved ||= this.#isElsewhere(path, place);
    if (moved || places.size < this.#places.size) this.#version += 1;
    this.#places = places;
    return found;
  }

  setExternal(path: NodePath, found: ObservedObject | readonly ObservedObject[] | undefined): void {
    this.#externals.set(path, found);
    for (const object of [found ?? []].flat()) this.#onSeen(object as KubernetesObject);
    this.#version += 1;
  }

  /** Whether a node stood for another object before; for none of those that exist is the same as for no object. */
  #isElsewhere(path: NodePath, place: string | string[]): boolean {
    const before = this.#places.get(path);
    if (before === place) return false;
    if (typeof place !== 'string' || Array.isArray(before)) return true;
    return this.#objects.has(place) || (before !== undefined && this.#objects.has(before));
  }
}

function isNewer(object: KubernetesObject, known: KubernetesObject): boolean {
  const [next, last] = [object.metadata.resourceVersion ?? '0', known.metadata.resourceVersion ?? '0'];
  return next.length === last.length ? next > last : next.length > last.length;
}
