import { type ErrorDetails, KubewrightError, throwProblems } from '../errors.ts';
import type { Input } from '../expr/expression.ts';
import { nodeOf } from '../expr/nodes.ts';
import { Deferred, joinPath } from '../expr/value.ts';
import { defineResource, type ResourceOptions, type ResourceRef } from '../graph/resource.ts';
import { didYouMean } from '../schema/nearest-name.ts';
import type { Kind } from './kind.ts';

/** Properties of every shorthand factory. */
export interface Named {
  /** Name of the object. */
  readonly name: Input<string>;
  /** Id of the resource; the key in the returned map says it already, and has to be the same. */
  readonly id?: string | undefined;
}

export interface Namespaced extends Named {
  /** @default the namespace of the deployment */
  readonly namespace?: Input<string> | undefined;
}

/** A factory with flat properties, which makes the same resource as the full factory of the kind. */
export type Shorthand<P, T> = (properties: P, options?: ResourceOptions<T>) => ResourceRef<T>;

/** Every property by its name: the compiler keeps this list and the type the same. */
export type PropertyList<P> = { readonly [K in keyof P]-?: undefined extends P[K] ? 'optional' : 'required' };

/** Stops with a problem of one property. */
export type Refuse = (problem: Pick<ErrorDetails, 'code' | 'path' | 'message' | 'hint'>) => never;

/** What a shorthand is made of. */
export interface ShorthandParts<P, T> {
  readonly kind: Kind<T>;
  readonly properties: PropertyList<NoInfer<P>>;
  /** The object without `apiVersion` and `kind`; what is `undefined` in it is left out. */
  readonly body: (properties: NoInfer<P>, refuse: Refuse) => object;
}

export const named: PropertyList<Named> = { name: 'required', id: 'optional' };
export const namespaced: PropertyList<Namespaced> = { ...named, namespace: 'optional' };

/**
 * Makes a shorthand factory. It refuses properties that it does not know, which TypeScript does not see in spreads.
 */
export function shorthand<P extends Named, T>(parts: ShorthandParts<P, T>): Shorthand<P, T> {
  const { apiVersion, kind, namespaced: scope } = parts.kind;
  return (properties, options = {}) => {
    const place = placeOf(kind, properties);
    checkProperties(properties, parts.properties, place);
    const refuse: Refuse = (problem) => {
      throw new KubewrightError({ ...problem, resource: place });
    };
    const body = parts.body(properties, refuse);
    return defineResource<T>({
      apiVersion,
      kind,
      namespaced: scope,
      body,
      id: properties.id,
      options: options as ResourceOptions<never>,
    });
  };
}

/** True for a value that is not known while the graph is built; such a value must not be looked into. */
export function isExpression(value: unknown): boolean {
  return nodeOf(value) !== undefined || value instanceof Deferred;
}

/** Refuses what a property's own object holds beside `names`. */
export function checkMembers(value: object, names: readonly string[], at: { path: string; refuse: Refuse }): void {
  if (isExpression(value)) return;
  for (const key of Object.keys(value)) {
    if (names.includes(key)) continue;
    const hint = didYouMean(key, names) ?? `It has ${names.join(', ')}.`;
    at.refuse({ code: 'UnknownProperty', path: joinPath(at.path, key), message: 'there is no such property', hint });
  }
}

function placeOf(kind: string, properties: Named | undefined): string {
  const name: unknown = properties?.name;
  return typeof name === 'string' ? `simple.${kind} ${name}` : `simple.${kind}`;
}

function checkProperties(
  properties: object,
  list: Readonly<Record<string, 'required' | 'optional'>>,
  place: string,
): void {
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties)) {
    throw new KubewrightError({
      code: 'InvalidProperties',
      resource: place,
      message: 'takes one object of properties',
      hint: 'For example { name: "web" }.',
    });
  }
  const names = Object.keys(list);
  const unknown = Object.keys(properties).filter((key) => !Object.hasOwn(list, key));
  const missing = names.filter(
    (key) => list[key] === 'required' && (properties as Record<string, unknown>)[key] === undefined,
  );
  throwProblems(place, [
    ...unknown.map(
      (path) =>
        new KubewrightError({
          code: 'UnknownProperty',
          resource: place,
          path,
          message: 'there is no such property',
          hint: hintFor(path, names),
        }),
    ),
    ...missing.map(
      (path) => new KubewrightError({ code: 'MissingProperty', resource: place, path, message: 'is required' }),
    ),
  ]);
}

function hintFor(key: string, names: readonly string[]): string {
  return didYouMean(key, names) ?? `It has ${names.join(', ')}; the full factory of the kind takes everything else.`;
}
