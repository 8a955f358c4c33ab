import type { madeBy } from '../copy.ts';
import type { CelType } from '../expr/types.ts';
import type { Expr, Input, ListExpr, Ref } from '../expr/expression.ts';
import { handleNode, nodeOf } from '../expr/nodes.ts';
import { makeRef } from '../expr/ref.ts';
import { captureSource } from '../source-line.ts';
import type { Graph } from './graph.ts';

declare const resource: unique symbol;

/** Brand of what a builder returns: a resource of a graph, made by a kind's factory. */
export interface Resource<out T> {
  readonly [resource]: () => T;
}

/** A resource and, at the same time, the typed reference of its object. */
export type ResourceRef<T> = Ref<T> & Resource<T>;

/** The resources that `forEach` makes and, at the same time, the list of their objects. */
export type CollectionRef<T> = ListExpr<T> & Resource<T>;

/** A graph inlined into another: its resources as a group, and its status. */
export interface Inclusion<R, T> {
  readonly [inclusion]: true;
  readonly [madeBy]: unknown;
  readonly resources: R;
  readonly status: Ref<T>;
}

export const inclusion: unique symbol = Symbol('kubewright.inclusion');

/** What a builder returns: resources by id, and groups of them; groups nest and ids join in lowerCamelCase. */
export type Resources = { readonly [id: string]: Resource<unknown> | Resources | Inclusion<unknown, unknown> };

type Conditions = Input<boolean> | readonly Input<boolean>[];

/** Options that every resource takes after its body. */
export interface ResourceOptions<T> {
  /** The resource exists only while all of these hold; what refers to it is left out with it. */
  readonly includeWhen?: Conditions;
  /** References to this resource wait until all of these hold. In a collection the function is given each item. */
  readonly readyWhen?: (self: Ref<T>) => Conditions;
  /** Resources that have to be ready first, though nothing refers to them. */
  readonly dependsOn?: Resource<unknown> | readonly Resource<unknown>[];
  /** Never deleted by prune or destroy. @default false */
  readonly keep?: boolean;
}

/** One dimension of a collection: the variable's handle and its list. */
export interface Dimension {
  readonly name: string;
  readonly handle: object;
  readonly list: unknown;
}

/** What a factory was given, before the graph is built. */
export interface ResourceDraft {
  readonly apiVersion: string;
  readonly kind: string;
  /** `undefined` where only the cluster knows. */
  readonly namespaced: boolean | undefined;
  /** The object without `apiVersion` and `kind`, as the author wrote it. */
  readonly body: unknown;
  readonly options: ResourceOptions<never>;
  readonly forEach: readonly Dimension[];
  /** Reads an object that is not ours instead of making one. */
  readonly external?: 'name' | 'selector';
  /** Makes the objects of another graph. */
  readonly instanceOf?: Graph;
  /** Type of the object, where the kind is not built in. */
  readonly type?: (name: string) => CelType | undefined;
  /** Id that the author fixed beside the key. */
  readonly id?: string | undefined;
  readonly source: () => string | undefined;
}

/** A draft's identity while it has no id; shown in messages as its kind and name. */
export class ResourceHandle {
  readonly draft: ResourceDraft;

  constructor(draft: ResourceDraft) {
    this.draft = draft;
  }

  get label(): string {
    const name = (this.draft.body as { metadata?: { name?: unknown } } | undefined)?.metadata?.name;
    return typeof name === 'string' ? `${this.draft.kind} ${name}` : this.draft.kind;
  }
}

/** Makes a resource of any kind from its parts; kinds' factories are built on it. */
export function defineResource<T>(
  draft: Omit<ResourceDraft, 'forEach' | 'source' | 'options'> & Partial<Pick<ResourceDraft, 'options'>>,
): ResourceRef<T> {
  const handle = new ResourceHandle({ options: {}, ...draft, forEach: [], source: captureSource() });
  return makeRef(handleNode(handle)) as ResourceRef<T>;
}

/** The handle of a resource, `undefined` for anything else. */
export function handleOf(value: unknown): ResourceHandle | undefined {
  const node = nodeOf(value);
  return node?.kind === 'handle' && node.handle instanceof ResourceHandle ? node.handle : undefined;
}

/** What an iteration calls its variable. */
export interface ForEachOptions {
  /** Name of the variable in the definition. @default 'element' */
  readonly as?: string;
}

/**
 * One resource for each item of a list. The object's name (or namespace) has to be made from the item.
 *
 * @throws KubewrightError `NotAResource` when the function does not return a resource
 * @example
 * const workers = forEach(schema.spec.regions, (region) => simple.Deployment({ name: Cel.template`worker-${region}`, image: 'worker' }));
 */
export function forEach<U, T>(
  list: Expr<readonly U[]> | readonly U[],
  make: (item: Ref<U>) => Resource<T>,
  options: ForEachOptions = {},
): CollectionRef<T> {
  const name = options.as ?? 'element';
  const variable = { variable: name };
  const inner = handleOf(make(makeRef(handleNode(variable))));
  if (!inner) throw new TypeError('forEach: the function has to return a resource');
  const dimension: Dimension = { name, handle: variable, list };
  const draft: ResourceDraft = { ...inner.draft, forEach: [dimension, ...inner.draft.forEach] };
  return makeRef(handleNode(new ResourceHandle(draft))) as unknown as CollectionRef<T>;
}
