import { KubewrightError } from '../errors.ts';
import type { Input, Inputs } from '../expr/expression.ts';
import { type CollectionRef, defineResource, type ResourceOptions, type ResourceRef } from '../graph/resource.ts';
import type { Kind } from './kind.ts';
import type { LabelSelector } from './object-meta.ts';

/** One object by its name. */
export interface ExternalName {
  readonly name: Input<string>;
  /** @default the namespace of the deployment */
  readonly namespace?: Input<string>;
}

/** All objects with these labels. */
export interface ExternalSelector {
  readonly selector: Inputs<LabelSelector>;
  /** @default all namespaces */
  readonly namespace?: Input<string>;
}

/**
 * Reads an object, or all objects with some labels, that the graph does not own: they are never written or deleted.
 *
 * @throws KubewrightError `ExternalTarget` without name and selector, or with both
 * @example
 * const database = external(core.v1.Service, { name: 'postgres', namespace: 'data' });
 * const workers = external(core.v1.Pod, { selector: { matchLabels: { role: 'worker' } } });
 */
export function external<T>(kind: Kind<T>, target: ExternalName, options?: ResourceOptions<T>): ResourceRef<T>;
export function external<T>(kind: Kind<T>, target: ExternalSelector, options?: ResourceOptions<T>): CollectionRef<T>;
export function external<T>(
  kind: Kind<T>,
  target: ExternalName | ExternalSelector,
  options: ResourceOptions<T> = {},
): unknown {
  const { apiVersion, namespaced, type } = kind;
  const bySelector = Object.hasOwn(target, 'selector');
  if (bySelector === Object.hasOwn(target, 'name')) {
    throw new KubewrightError({
      code: 'ExternalTarget',
      resource: kind.kind,
      path: 'external',
      message: 'takes either a name or a selector',
      hint: 'A name reads one object, a selector all objects with some labels.',
    });
  }
  return defineResource({
    apiVersion,
    kind: kind.kind,
    namespaced,
    body: { metadata: target },
    options: options as ResourceOptions<never>,
    external: bySelector ? 'selector' : 'name',
    ...(type && { type }),
  });
}
