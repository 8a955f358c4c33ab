import { KubewrightError } from '../../errors.ts';
import type { JsonSchema } from '../../schema/json-schema.ts';
import { instanceOpenApi } from '../../schema/openapi.ts';
import { unreadableValue } from '../../schema/simple-schema-apply.ts';
import { parseUnread } from '../../schema/simple-schema-parse.ts';
import { type Pieces, piecesOf } from '../read/pieces.ts';
import type { Manifest } from '../read/source.ts';
import { admissionRefusals } from './admission.ts';
import { dependencyGraph, Names } from './dependencies.ts';
import { type Kinds, type ServedKind, withMetadata } from './kinds.ts';
import { checkNames } from './names.ts';
import { checkNode } from './node.ts';
import { KroRefusal, Refusals, Refused, within } from './refusal.ts';
import { buildResource, checkFields, type ResourceNode } from './resource.ts';
import { checkServedKind } from './served-kind.ts';
import { checkStatus } from './status.ts';
import { VariableTypes } from './types.ts';

export interface Rules {
  readonly kinds: Kinds;
  /** kro's feature gates that are on. */
  readonly featureGates: ReadonlySet<string>;
  /** kro's `--rgd-max-collection-dimension-size`. */
  readonly maximumDimensions: number;
}

/** A definition that kro accepts. */
export interface CheckedDefinition {
  readonly pieces: Pieces;
  readonly spec: JsonSchema;
  readonly status: JsonSchema;
  readonly nodes: readonly ResourceNode[];
  /** The kind that kro serves for it. */
  readonly served: ServedKind;
}

/**
 * Goes through kro's build of a definition in kro's order (pkg/graph/builder.go).
 *
 * @throws Refused with what kro says
 */
export function checkDefinition(manifest: Manifest, rules: Rules): CheckedDefinition {
  const admission = admissionRefusals(manifest);
  if (admission.length > 0)
    throw new Refused(admission.map(({ message, path }) => new KroRefusal('Admission', message, path)));
  const pieces = piecesOf(manifest);
  within('failed to validate resourcegraphdefinition: ', () => checkNames(pieces, rules.maximumDimensions));
  const { spec, unreadable } = within('', () => specSchema(pieces));
  const nodes = buildNodes(pieces, rules);
  const omitAllowed = rules.featureGates.has('CELOmitFunction');
  const names = new Names(
    nodes.map(({ id }) => id),
    omitAllowed,
  );
  const graph = within('failed to build dependency graph: ', () => dependencyGraph(nodes, names));
  if (omitAllowed) within('', () => checkIdentity(nodes, { names, instanceNamespaced: pieces.scope === 'Namespaced' }));
  const types = new VariableTypes(nodes, spec, pieces.scope);
  forEachNode(
    nodes,
    (node) => `failed to validate resource "${node.id}": `,
    (node) => checkNode(node, { names, types, dependencies: graph.get(node.id) ?? [] }),
  );
  const status = checkStatus(pieces.status, { names, types });
  within('', () => {
    if (unreadable) throw unreadable;
    checkServedKind(pieces, spec);
  });
  return { pieces, spec, status, nodes, served: servedKind(pieces, spec, status) };
}

/** kro itself does not read defaults: what is no JSON fails when its CustomResourceDefinition is written. */
function specSchema({ name, spec, types }: Pieces): { spec: JsonSchema; unreadable?: KroRefusal } {
  try {
    const schema = parseUnread({ spec, types });
    const reason = unreadableValue(schema);
    if (reason === undefined) return { spec: schema };
    const message = `failed to create CRD: CustomResourceDefinition in version "v1" cannot be handled as a CustomResourceDefinition: ${reason}`;
    return { spec: schema, unreadable: new KroRefusal('CrdRefused', message, schemaPath(reason)) };
  } catch (error) {
    if (!(error instanceof KubewrightError)) throw error;
    const prefix = `failed to build resourcegraphdefinition "${name}": failed to build OpenAPI schema for instance: `;
    throw new KroRefusal('SimpleSchema', prefix + error.message, schemaPath(error.message));
  }
}

/** The field that a message of SimpleSchema names: `field a: field b: …`, `parsing type T: …`. */
function schemaPath(message: string): readonly string[] {
  const type = /^(?:parsing type|building schema for) ([^:]+): /.exec(message);
  const rest = type ? message.slice(type[0].length) : message;
  const fields = [...(/^(?:field [^:]+: )*/.exec(rest)?.[0] ?? '').matchAll(/field ([^:]+): /g)].map(
    (match) => match[1] as string,
  );
  return ['spec', 'schema', ...(type ? ['types', type[1] as string] : ['spec']), ...fields];
}

function buildNodes(pieces: Pieces, { kinds }: Rules): ResourceNode[] {
  const instanceNamespaced = pieces.scope === 'Namespaced';
  const prefix = ({ id }: { id: string }): string => `failed to build resource "${id}": `;
  forEachNode(pieces.resources, prefix, checkFields);
  return forEachNode(pieces.resources, prefix, (resource) => buildResource(resource, { kinds, instanceNamespaced }));
}

function forEachNode<T, R>(nodes: readonly T[], prefix: (node: T) => string, step: (node: T) => R): R[] {
  const refusals = new Refusals();
  const results = nodes.map((node) =>
    refusals.attempt(
      () => prefix(node),
      () => step(node),
    ),
  );
  refusals.throwIfAny();
  return results as R[];
}

/** A name that `omit()` takes away would lose the object. */
function checkIdentity(
  nodes: readonly ResourceNode[],
  { names, instanceNamespaced }: { names: Names; instanceNamespaced: boolean },
): void {
  for (const node of nodes) {
    for (const expression of node.template) {
      const isIdentity =
        expression.path === 'metadata.name' ||
        (expression.path === 'metadata.namespace' && node.kind.namespaced && !instanceNamespaced);
      if (!isIdentity || !names.inspect(expression).usesOmit) continue;
      throw new KroRefusal(
        'Omit',
        `resource "${node.id}": omit() cannot be used at path "${expression.path}" — the field is required and must resolve to a concrete value`,
        expression.place,
      );
    }
  }
}

function servedKind({ group, version, kind, scope }: Pieces, spec: JsonSchema, status: JsonSchema): ServedKind {
  return {
    apiVersion: `${group}/${version}`,
    kind,
    namespaced: scope === 'Namespaced',
    schema: withMetadata(instanceOpenApi(spec, status)),
  };
}
