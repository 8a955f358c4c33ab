import { KubewrightError } from '../errors.ts';
import type { Input, Inputs } from '../expr/expression.ts';
import type { CelType } from '../expr/types.ts';
import { defineResource, type ResourceOptions, type ResourceRef } from '../graph/resource.ts';
import { customResourceType } from './custom-resource-type.ts';
import type { ObjectMeta } from './object-meta.ts';

/** What an author writes about an object itself; Kubernetes fills in the rest of its metadata. */
export interface Metadata {
  readonly name: Input<string>;
  /** @default the namespace of the deployment */
  readonly namespace?: Input<string>;
  readonly labels?: Inputs<Record<string, string>>;
  readonly annotations?: Inputs<Record<string, string>>;
  readonly finalizers?: Inputs<string[]>;
  readonly ownerReferences?: Inputs<NonNullable<ObjectMeta['ownerReferences']>>;
}

/** An object as its author writes it: every field takes its value or an expression of it, and `status` is the cluster's. */
export type Body<T> = { readonly metadata: Metadata } & {
  readonly [K in keyof T as Exclude<K, 'apiVersion' | 'kind' | 'metadata' | 'status'>]: Inputs<T[K]>;
};

/** The factory of a kind, which carries the kind's name as data. */
export interface Kind<T> {
  /** Makes a resource of this kind. */
  (body: Body<T>, options?: ResourceOptions<T>): ResourceRef<T>;
  readonly apiVersion: string;
  readonly kind: string;
  /** `undefined` where only the cluster knows. */
  readonly namespaced: boolean | undefined;
  /** The type of its objects in expressions; absent where expressions are not checked, or the kind is built in. */
  readonly type?: (name: string) => CelType;
}

/** Names a kind and says what is known about it. */
export interface KindDefinition {
  /** API group and version, such as `cert-manager.io/v1`. */
  readonly apiVersion: string;
  /** Name of the kind, such as `Certificate`. */
  readonly kind: string;
  /** Whether its objects live in a namespace. @default the cluster is asked */
  readonly namespaced?: boolean;
  /** JSON Schema of the whole object, as in the `openAPIV3Schema` of its definition: checks the expressions that read it. */
  readonly schema?: object;
}

/** `T` with the metadata that every object has, where `T` does not describe it. */
export type ObjectOf<T> = 'metadata' extends keyof T ? T : T & { metadata: ObjectMeta };

/**
 * The typed factory of a custom resource; the built-in kinds are there already (`apps.v1.Deployment`).
 *
 * @throws KubewrightError when a body is no object, or holds `apiVersion`, `kind` or `status`
 * @example
 * const Certificate = kind<{ spec: { secretName: string; dnsNames: string[] }; status: { notAfter: string } }>({
 *   apiVersion: 'cert-manager.io/v1',
 *   kind: 'Certificate',
 * });
 * const certificate = Certificate({ metadata: { name: 'web' }, spec: { secretName: 'web-tls', dnsNames: [schema.spec.domain] } });
 */
export function kind<T extends object>(definition: KindDefinition): Kind<ObjectOf<T>> {
  const facts = {
    apiVersion: definition.apiVersion,
    kind: definition.kind,
    namespaced: definition.namespaced,
    ...(definition.schema && { type: customResourceType(definition.schema) }),
  };
  const make = (body: Body<ObjectOf<T>>, options: ResourceOptions<ObjectOf<T>> = {}): ResourceRef<ObjectOf<T>> => {
    checkBody(facts.kind, body);
    return defineResource({ ...facts, body, options: options as ResourceOptions<never> });
  };
  return Object.assign(make, facts);
}

/** TypeScript does not see what a spread brings along, nor inside `any`. */
function checkBody(resource: string, body: unknown): void {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    const hint = 'Write the object with its metadata; its fields take expressions.';
    throw new KubewrightError({ code: 'InvalidBody', resource, message: 'takes an object as its body', hint });
  }
  for (const field of ['apiVersion', 'kind', 'status']) {
    if (!Object.hasOwn(body, field)) continue;
    const hint = field === 'status' ? 'The cluster writes it: remove it.' : 'The factory sets it: remove it.';
    throw new KubewrightError({ code: 'ForeignField', resource, path: field, message: 'is not part of a body', hint });
  }
}
