import type { CrdParts } from '../graph/crd-parts.ts';
import type { SimpleSchemaField } from '../schema/simple-schema.ts';

/** API version of kro's own objects. */
export const kroApiVersion = 'kro.run/v1alpha1';

/** Versions of kro whose rules this folder follows. */
export const supportedKroVersions: readonly string[] = Object.freeze(['0.9.4']);

/** Labels and annotations that start so belong to kro. */
export const reservedPrefixes: readonly string[] = Object.freeze(['kro.run/', 'internal.kro.run/']);

/** Kinds that kro serves itself have this group unless their definition names another one. */
export const defaultGroup = 'kro.run';

/** JSON that is written and not read here. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json;
}

/** kro's ResourceGraphDefinition: the API of a kind and the resources that an instance of it makes. */
export interface ResourceGraphDefinition {
  readonly apiVersion: typeof kroApiVersion;
  readonly kind: 'ResourceGraphDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly schema: DefinitionSchema;
    readonly resources: readonly DefinitionResource[];
  };
}

export interface DefinitionSchema {
  /** The version alone, such as `v1alpha1`. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly group: string;
  /** @default 'Namespaced' */
  readonly scope?: 'Namespaced' | 'Cluster';
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly additionalPrinterColumns?: CrdParts['additionalPrinterColumns'];
  /** Of the CustomResourceDefinition. */
  readonly metadata?: CrdParts['metadata'];
  readonly types?: { readonly [name: string]: SimpleSchemaField };
  readonly spec: { readonly [name: string]: SimpleSchemaField };
  /** A tree whose leaves are expressions; `conditions` is a list of them. */
  readonly status?: JsonObject;
}

/** One resource of a definition: an object to make, or one (or several) to read. */
export interface DefinitionResource {
  readonly id: string;
  readonly includeWhen?: readonly string[];
  readonly readyWhen?: readonly string[];
  /** One entry per dimension; the first is outermost. */
  readonly forEach?: readonly { readonly [variable: string]: string }[];
  readonly template?: JsonObject;
  readonly externalRef?: ExternalReference;
}

export interface ExternalReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: JsonObject;
}

/** An instance of a definition's kind. */
export interface InstanceObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}
