import { KubewrightError, throwProblems } from '../errors.ts';
import { finishGraph, type Graph, type GraphNode } from '../graph/graph.ts';
import { orderNodes } from '../graph/order.ts';
import { Problems } from '../graph/problems.ts';
import { builtInKind } from '../schema/kubernetes-schema.ts';
import type { CheckedDefinition } from './check/definition.ts';
import { openApiType } from './check/kinds.ts';
import { fieldText } from './check/path-text.ts';
import { objectOf } from './check/resource.ts';
import { ValueReader } from './import-values.ts';
import { type Fields, fieldsOf, type Pieces, type ResourcePieces } from './read/pieces.ts';
import type { Path } from './read/place.ts';
import { isDefinition, type Manifest, readManifests, type Source } from './read/source.ts';
import { Judge, toSource } from './validate.ts';

export interface ImportOptions {
  /** CustomResourceDefinitions of the kinds that the definitions use: YAML or JSON texts, or objects. @default [] */
  readonly crds?: readonly (string | object | Source)[];
}

/**
 * Reads a ResourceGraphDefinition as a graph, which can be rendered, checked, planned, deployed and emitted like any
 * other. A kind that is neither Kubernetes' own nor among the given CustomResourceDefinitions is taken as it is.
 *
 * @throws KubewrightError with kro's words for what kro refuses, each with its place
 * @example
 * const graph = fromDefinition(readFileSync('rgd.yaml', 'utf8'));
 * const { objects } = simulate(graph, { name: 'web' });
 */
export function fromDefinition(definition: string | object | Source, options: ImportOptions = {}): Graph {
  const graphs = fromDefinitions([definition], options);
  const [graph] = graphs;
  if (graph && graphs.length === 1) return graph;
  throw new KubewrightError({
    code: graph ? 'SeveralDefinitions' : 'NoDefinition',
    resource: toSource(definition).file,
    message: graph ? `there are ${graphs.length} ResourceGraphDefinitions` : 'there is no ResourceGraphDefinition',
    hint: graph ? 'Use fromDefinitions.' : 'Give a manifest of kind ResourceGraphDefinition.',
  });
}

/**
 * Reads several definitions, which may use each other's kinds: an instance of one inside another becomes an instance of
 * its graph.
 *
 * @throws KubewrightError with kro's words for what kro refuses, each with its place
 */
export function fromDefinitions(
  definitions: readonly (string | object | Source)[],
  options: ImportOptions = {},
): Graph[] {
  const manifests = definitions.flatMap((source) => readManifests(toSource(source)));
  const judge = new Judge(manifests, { crds: options.crds ?? [], featureGates: ['CELOmitFunction'], anyKind: true });
  const importer = new Importer(manifests.filter(isDefinition), judge);
  return importer.graphs();
}

class Importer {
  readonly #manifests: readonly Manifest[];
  readonly #judge: Judge;
  readonly #checked = new Map<Manifest, CheckedDefinition>();
  readonly #graphs = new Map<Manifest, Graph>();

  constructor(manifests: readonly Manifest[], judge: Judge) {
    this.#manifests = manifests;
    this.#judge = judge;
  }

  graphs(): Graph[] {
    const problems: KubewrightError[] = [];
    for (const manifest of this.#manifests) {
      const result = this.#judge.check(manifest);
      if ('served' in result) this.#checked.set(manifest, result);
      else
        problems.push(
          ...result.map(
            ({ code, message, path }) => new KubewrightError({ code, resource: placeText(manifest, path), message }),
          ),
        );
    }
    throwProblems('definitions', problems);
    return this.#manifests.map((manifest) => this.#graph(manifest));
  }

  #graph(manifest: Manifest): Graph {
    let graph = this.#graphs.get(manifest);
    if (!graph) {
      graph = graphOf(this.#checked.get(manifest) as CheckedDefinition, (node) => this.#child(node));
      this.#graphs.set(manifest, graph);
    }
    return graph;
  }

  /** The graph that a node is an instance of. kro accepts no definitions that use each other in a circle. */
  #child({ apiVersion, kind }: Pick<GraphNode, 'apiVersion' | 'kind'>): Graph | undefined {
    for (const [manifest, { served }] of this.#checked)
      if (served.apiVersion === apiVersion && served.kind === kind) return this.#graph(manifest);
    return undefined;
  }
}

function placeText({ file, lineOf }: Manifest, path: Path): string {
  const line = lineOf(path);
  return `${file}${line === undefined ? '' : `:${line}`} ${fieldText(path)}`.trim();
}

function graphOf(
  { pieces, spec, status, nodes }: CheckedDefinition,
  childOf: (node: Pick<GraphNode, 'apiVersion' | 'kind'>) => Graph | undefined,
): Graph {
  const reader = new ValueReader((path) => placeText(pieces.manifest, path));
  const problems = new Problems(`definition ${pieces.name}`);
  const read = pieces.resources.map((resource, index) => {
    const { kind } = nodes[index] as CheckedDefinition['nodes'][number];
    return readNode(resource, { reader, pieces, kind, childOf });
  });
  const ordered = orderNodes(read, problems);
  problems.throwIfAny();
  const statusPath = ['spec', 'schema', 'status'];
  const { conditions, ...fields } = pieces.status;
  return finishGraph({
    name: pieces.name,
    group: pieces.group,
    version: pieces.version,
    kind: pieces.kind,
    scope: pieces.scope,
    crd: keptFields(pieces.schema, ['shortNames', 'categories', 'additionalPrinterColumns', 'metadata']),
    spec: { json: spec },
    statusSchema: status,
    ...ordered,
    status: reader.object(fieldsOf(withoutEmpty(fields)), statusPath),
    conditions: reader.expressions((conditions ?? []) as string[], [...statusPath, 'conditions']),
    origin: {
      json: spec,
      simpleSchema: { spec: pieces.spec, ...(pieces.schema['types'] !== undefined && { types: pieces.types }) },
      metadata: keptFields(fieldsOf(pieces.manifest.object['metadata']), ['labels', 'annotations']),
    },
  });
}

/** kro writes the fields of a status that have an expression, and what those are in. */
function withoutEmpty(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.length > 0 ? value : undefined;
  const kept = Object.entries(value).flatMap(([name, field]): [string, unknown][] => {
    const inner = withoutEmpty(field);
    return inner === undefined ? [] : [[name, inner]];
  });
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}

function keptFields(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(names.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]])));
}

interface Around {
  readonly reader: ValueReader;
  readonly pieces: Pieces;
  readonly kind: CheckedDefinition['nodes'][number]['kind'];
  readonly childOf: (node: Pick<GraphNode, 'apiVersion' | 'kind'>) => Graph | undefined;
}

function readNode(
  resource: ResourcePieces,
  { reader, pieces, kind, childOf }: Around,
): Omit<GraphNode, 'dependencies'> {
  const { id, index, externalRef } = resource;
  const path = ['spec', 'resources', index];
  const object = objectOf(resource);
  const body = externalRef ? { metadata: object['metadata'] } : object;
  const external = externalRef && (fieldsOf(object['metadata'])['selector'] === undefined ? 'name' : 'selector');
  const forEach = resource.forEach.flatMap((dimension, at) =>
    Object.entries(dimension).map(([name, text]) => ({
      name,
      list: reader.expression(text, [...path, 'forEach', at, name]),
    })),
  );
  const isOwn = builtInKind(kind.apiVersion, kind.kind) !== undefined;
  const child = external || forEach.length > 0 ? undefined : childOf(kind);
  return {
    id,
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    namespaced: kind.assumed ? undefined : kind.namespaced,
    template: reader.object(body, [...path, externalRef ? 'externalRef' : 'template']),
    ...(external && { external }),
    ...(child && { instanceOf: child }),
    ...(!isOwn && !kind.assumed && { type: (name: string) => openApiType(kind.schema, name) }),
    includeWhen: reader.expressions(resource.includeWhen, [...path, 'includeWhen']),
    readyWhen: reader.expressions(resource.readyWhen, [...path, 'readyWhen']),
    forEach: forEach,
    dependsOn: [],
    keep: false,
    source: () => placeText(pieces.manifest, path).split(' ')[0],
  };
}
