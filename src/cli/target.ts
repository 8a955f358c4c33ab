import { refuseOtherCopy } from '../copy.ts';
import { KubewrightError, throwProblems } from '../errors.ts';
import type { ClusterSource } from '../cluster/source.ts';
import { finishGraph, type Graph, type GraphNode } from '../graph/graph.ts';
import type { SecretSource } from '../deploy/options.ts';
import { isObject } from '../expr/value.ts';
import { fixFields } from '../kro/fixed.ts';
import { secretPaths } from '../kro/secrets.ts';
import type { Instance } from '../resolve/resolution.ts';
import { prepareValues } from '../resolve/values.ts';
import { fieldOf } from '../schema/defaults.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import { didYouMean } from '../schema/nearest-name.ts';
import { fileOf } from './check-environment.ts';
import type { DefinitionName, Mode } from './environment.ts';
import type { NamedEnvironment } from './environments.ts';

/** A graph as one environment wants it: where it goes, how, and as which instance. */
export interface Target {
  /** The graph's own name; the definition's may be another one. */
  readonly name: string;
  readonly graph: Graph;
  readonly mode: Mode;
  readonly cluster: ClusterSource;
  readonly instance: Instance;
  readonly featureGates: readonly string[];
  /** Where the content of each Secret comes from, by its path in the graph. */
  readonly secrets: Readonly<Record<string, SecretSource>>;
  /** Whether the environment says that a Secret may be written to a file. */
  readonly writesSecret: (path: string) => boolean;
}

/**
 * Brings a graph and an environment together.
 *
 * @throws KubewrightError that names file and path: values that do not fit, Secrets and fields that do not exist
 */
export function prepareTarget(graph: Graph, named: NamedEnvironment): Target {
  refuseOtherCopy(graph);
  const { environment } = named;
  const mode = environment.mode ?? 'direct';
  const { namespace = 'default', labels, annotations } = environment;
  // First: an environment without values may be for other graphs, which then is all that there is to say.
  const spec = valuesFor(graph, named);
  const secrets = secretSources(graph, named);
  const deployed = mode === 'kro' ? asDefinition(graph, named, spec) : graph;
  // Fixed values may have left a Secret out.
  const paths = secretPaths(deployed);
  return {
    name: graph.name,
    graph: deployed,
    mode,
    cluster: environment.cluster as ClusterSource,
    featureGates: environment.featureGates ?? [],
    instance: {
      name: environment.names?.[graph.name] ?? graph.name,
      namespace,
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      spec,
    },
    secrets: Object.fromEntries(
      [...secrets].flatMap(([path, source]) => (source === undefined || !paths.includes(path) ? [] : [[path, source]])),
    ),
    writesSecret: (path) =>
      (typeof environment.secrets === 'string' ? environment.secrets : secrets.get(path)) === 'plain',
  };
}

function valuesFor(graph: Graph, named: NamedEnvironment): Record<string, unknown> {
  const all = named.environment.values ?? {};
  const values = Object.hasOwn(all, graph.name) ? all[graph.name] : undefined;
  try {
    return prepareValues(graph, values ?? {}, '');
  } catch (error) {
    if (!(error instanceof KubewrightError)) throw error;
    if (values === undefined) throw noValues(graph, named, Object.keys(all));
    const problems = error.problems.length > 0 ? error.problems : [error];
    throwProblems(
      `environment ${named.name}, values of ${graph.name}`,
      problems.map((problem) => placed(problem, graph.name, named)),
    );
    throw error;
  }
}

/** The problem with the file that gave the value, and its path there. */
function placed(problem: KubewrightError, graph: string, named: NamedEnvironment): KubewrightError {
  const { path = '', code } = problem;
  const message =
    path && problem.message.startsWith(`${path}: `) ? problem.message.slice(path.length + 2) : problem.message;
  const root = `values[${JSON.stringify(graph)}]`;
  return new KubewrightError({
    code,
    resource: fileWith(named, graph, path),
    path: path === '' || path.startsWith('[') ? root + path : `${root}.${path}`,
    message,
  });
}

/** The last file of the chain that says something at the path: a value that is missing is missing in the file that was asked for. */
function fileWith({ environment, file }: NamedEnvironment, graph: string, path: string): string {
  const keys = path.split(/[.[\]"]+/).filter(Boolean);
  const layer = environment.layers.findLast(({ definition }) => {
    let value: unknown = definition.values?.[graph];
    for (const key of keys)
      value =
        typeof value === 'object' && value !== null && Object.hasOwn(value, key)
          ? (value as Record<string, unknown>)[key]
          : undefined;
    return value !== undefined;
  });
  return (layer && layer !== environment.layers.at(-1) && fileOf(layer.source())) || file;
}

function noValues(graph: Graph, { file }: NamedEnvironment, names: readonly string[]): KubewrightError {
  return new KubewrightError({
    code: 'NoValues',
    resource: file,
    path: `values[${JSON.stringify(graph.name)}]`,
    message: 'is missing',
    hint:
      didYouMean(graph.name, names)?.replace('Did you mean', 'Was it meant by') ??
      `Give the values of graph ${graph.name}, by its name.`,
  });
}

/** kro mode: the graph under its name for this environment, with the fields that never change as constants. */
function asDefinition(graph: Graph, named: NamedEnvironment, spec: Readonly<Record<string, unknown>>): Graph {
  const definition = definitionFor(graph, named.environment.definition);
  const fixed = fixedValues(graph, named, spec);
  const simpler = Object.keys(fixed).length > 0 ? fixFields(graph, fixed) : graph;
  return definition
    ? finishGraph({ ...simpler, stackName: graph.name, name: definition.name, kind: definition.kind })
    : simpler;
}

function definitionFor(
  graph: Graph,
  definition: NamedEnvironment['environment']['definition'],
): DefinitionName | undefined {
  if (definition === undefined) return undefined;
  return typeof definition.name === 'string'
    ? (definition as DefinitionName)
    : (definition as Record<string, DefinitionName | undefined>)[graph.name];
}

function fixedValues(
  graph: Graph,
  { environment: { fixed }, file }: NamedEnvironment,
  spec: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const isList = Array.isArray(fixed);
  const paths: readonly string[] =
    (isList ? fixed : (fixed as Record<string, readonly string[]> | undefined)?.[graph.name]) ?? [];
  const values: [string, unknown][] = [];
  for (const path of paths) {
    const hint = mistyped(graph, path);
    if (hint) {
      throw new KubewrightError({
        code: 'FixedField',
        resource: file,
        path: 'fixed',
        message: `graph ${graph.name} has no field ${path}`,
        hint,
      });
    }
    const value = path
      .split('.')
      .reduce<unknown>((current, key) => (current as Record<string, unknown> | undefined)?.[key], spec);
    // A list is for every graph that has such a field.
    if (!isList || value !== undefined) values.push([path, value]);
  }
  return Object.fromEntries(values);
}

/** What a path was meant to be, where it nearly leads to a field; other graphs may have those that do not. */
function mistyped(graph: Graph, path: string): string | undefined {
  let schema: JsonSchema = graph.spec.json;
  for (const key of path.split('.')) {
    const field = fieldOf(schema, key);
    if (!field) return didYouMean(key, Object.keys(schema.properties ?? {}));
    schema = field;
  }
  return undefined;
}

/** The environment's choice for each Secret with content of its own, by path. */
function secretSources(
  graph: Graph,
  { environment: { secrets }, file }: NamedEnvironment,
): Map<string, SecretSource | undefined> {
  const paths = secretPaths(graph);
  if (secrets === undefined || typeof secrets === 'string') return new Map(paths.map((path) => [path, secrets]));
  const sources = new Map<string, SecretSource | undefined>();
  const known = new Set<string>();
  for (const path of paths) {
    const names = [path, ...namesOf(graph, path)];
    const name = names.find((candidate) => Object.hasOwn(secrets, candidate));
    const source = name === undefined ? undefined : (secrets[name] as SecretSource);
    if (typeof source === 'object') for (const value of Object.values(source)) refuseOtherCopy(value);
    sources.set(path, source);
    for (const candidate of names) known.add(candidate);
  }
  for (const key of Object.keys(secrets)) {
    // Other graphs may have the Secret; one that is nearly the same would quietly stay as it is.
    const hint = known.has(key) ? undefined : didYouMean(key, known);
    if (hint)
      throw new KubewrightError({
        code: 'UnknownSecret',
        resource: file,
        path: `secrets[${JSON.stringify(key)}]`,
        message: `graph ${graph.name} has no such Secret`,
        hint,
      });
  }
  return sources;
}

/** Id and name of the Secret at a path, which may lead through instances of other graphs. */
function namesOf(graph: Graph, path: string): string[] {
  const ids = path.split('/');
  let current: Graph | undefined = graph;
  let node: GraphNode | undefined;
  for (const id of ids) {
    node = current?.nodes.find((candidate) => candidate.id === id);
    current = node?.instanceOf;
  }
  const metadata = node?.template['metadata'];
  const name = isObject(metadata) ? metadata['name'] : undefined;
  return typeof name === 'string' ? [ids.at(-1) as string, name] : [ids.at(-1) as string];
}
