import { isApiError } from '../../cluster/api-error.ts';
import type { KubernetesObject } from '../../cluster/cluster.ts';
import { KubewrightError } from '../../errors.ts';
import type { Graph, GraphNode } from '../../graph/graph.ts';
import { compareSchemas, type SchemaChange } from '../../kro/compare-schemas.ts';
import { definitionsOf } from '../../kro/chain.ts';
import { judgeGraph, refusalErrors } from '../../kro/validate-graph.ts';
import type { JsonSchema } from '../../schema/json-schema.ts';
import { builtInKind } from '../../schema/kubernetes-schema.ts';
import { fieldManager, groupOf } from '../identity.ts';
import { fields } from '../readiness/verdict.ts';
import { kindOf, type Run } from '../run.ts';

/** What is wrong with a definition that is about to change. */
export interface KindVerdict {
  readonly problems: readonly Error[];
  readonly warnings: readonly string[];
  /** It takes something away, which is allowed here. */
  readonly breaking?: boolean;
  /** How long kro may judge by schemas that it has cached; absent when it cannot. */
  readonly patienceMs?: number;
}

/** kro's consent to changes of a kind that take something away. */
export const allowBreaking = 'kro.run/allow-breaking-changes';
const ownerLabel = 'kro.run/resource-graph-definition-name';

/**
 * What kro would refuse of a definition, found before anything is written: kro issues a definition's resources before it
 * compares the schema, and after a refusal runs the new resources against the old schema.
 */
export async function judgeKind(
  run: Run,
  graph: Graph,
  { live, mayBreak }: { readonly live: KubernetesObject | undefined; readonly mayBreak: boolean },
): Promise<KindVerdict> {
  const [crd, crds] = await Promise.all([crdOf(run, kindOfGraph(graph)), usedCrds(run, graph)]);
  const { errors, schema } = judgeGraph(graph, { crds, featureGates: run.featureGates });
  const refused = refusalErrors(errors.filter((error) => error.graph === graph.name));
  const cached = cachedSchemas(crds);
  const costly = schema && (await ruleProblem(run, graph, schema));
  if (costly) refused.push(costly);
  if (!crd || !schema || refused.length > 0) return { problems: refused, warnings: [], ...cached };
  const foreign = foreignKind(graph, crd);
  if (foreign) return { problems: [foreign], warnings: [] };
  const { breaking, compatible, notCompared } = compareSchemas(schemaOf(crd), schema);
  const consent = mayBreak || live?.metadata.annotations?.[allowBreaking] === 'true';
  if (breaking.length > 0 && !consent) return { problems: [breakingError(run, graph, breaking)], warnings: [] };
  const isUnseen = breaking.length === 0 && compatible.length === 0 && notCompared.length > 0;
  const warnings = isUnseen
    ? [
        `ResourceGraphDefinition ${graph.name}: kro compares no ${list(notCompared)}, so ${graph.kind} stays as it is until another field of its schema changes too`,
      ]
    : [];
  return {
    problems: [],
    ...cached,
    breaking: breaking.length > 0,
    warnings: [...warnings, ...(cached.warnings ?? [])],
  };
}

/**
 * The API server compiles the rules of a kind and estimates what they cost. What 1.36 says is known by now; this one may be of
 * another version, and kro tells it when the definition stands already.
 */
async function ruleProblem(run: Run, graph: Graph, schema: JsonSchema): Promise<KubewrightError | undefined> {
  if (!JSON.stringify(schema).includes('"x-kubernetes-validations"')) return undefined;
  const { group, version, kind, scope } = graph;
  const names = { kind, listKind: `${kind}List`, singular: kind.toLowerCase(), plural: `${kind.toLowerCase()}probes` };
  const versions = [{ name: version, served: true, storage: true, schema: { openAPIV3Schema: schema } }];
  const probe = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.${group}` },
    spec: { group, names, scope, versions },
  };
  try {
    await run.cluster.apply(probe, { fieldManager, dryRun: true });
    return undefined;
  } catch (error) {
    if (!isApiError(error, 'Invalid')) return undefined;
    return new KubewrightError({
      code: 'KindRefused',
      resource: `definition ${graph.name}`,
      message: `the API server refuses the schema of ${kind}: ${error.message}`,
      hint: 'Give the lists and texts of its rules an upper limit, or write cheaper rules.',
      cause: error,
    });
  }
}

/** kro keeps the schema of a kind for so long, and judges a definition by it. */
const cacheMs = 300_000;

function cachedSchemas(crds: readonly KubernetesObject[]): Partial<KindVerdict> {
  const changed = crds
    .filter(({ metadata }) => (metadata.generation ?? 1) > 1)
    .map(({ metadata: { name, managedFields = [] } }) => {
      const times = managedFields.filter(({ subresource }) => !subresource).map(({ time }) => Date.parse(time ?? ''));
      return { name, age: Date.now() - Math.max(...times.filter((time) => !Number.isNaN(time))) };
    })
    .filter(({ age }) => age < cacheMs);
  if (changed.length === 0) return {};
  const names = changed.map(({ name }) => name).join(', ');
  return {
    warnings: [
      `CustomResourceDefinition ${names} changed less than 5 minutes ago, and kro may judge by the schema that it had before until then`,
    ],
    patienceMs: cacheMs - Math.min(...changed.map(({ age }) => age)) + 10_000,
  };
}

function kindOfGraph({ group, version, kind }: Graph): { apiVersion: string; kind: string } {
  return { apiVersion: `${group}/${version}`, kind };
}

/** The CustomResourceDefinition of a kind that is served; `undefined` where there is none, or where it may not be read, which is said. */
async function crdOf(
  run: Run,
  { apiVersion, kind }: Pick<GraphNode, 'apiVersion' | 'kind'>,
): Promise<KubernetesObject | undefined> {
  const served = await kindOf(run, { apiVersion, kind });
  if (!served) return undefined;
  const name = `${served.plural}.${groupOf(apiVersion)}`;
  try {
    return await run.cluster.get(
      { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name },
      { signal: run.signal },
    );
  } catch (error) {
    if (!isApiError(error, 'Forbidden')) throw error;
    run.emit({
      type: 'warning',
      message: `what kro would refuse of ${apiVersion} ${kind} is not known: ${error.message}`,
    });
    return undefined;
  }
}

/** kro judges a definition by the kinds that the cluster has. */
async function usedCrds(run: Run, graph: Graph): Promise<KubernetesObject[]> {
  const found = await Promise.all(customNodes(graph).map((node) => crdOf(run, node)));
  return found.filter((crd) => crd !== undefined);
}

/** One node of each kind that neither Kubernetes nor a definition of the chain brings. */
export function customNodes(graph: Graph): readonly GraphNode[] {
  const members = definitionsOf(graph);
  const own = new Set(members.map((member) => keyOf(kindOfGraph(member))));
  const wanted = members
    .flatMap(({ nodes }) => nodes)
    .filter((node) => !own.has(keyOf(node)) && !builtInKind(node.apiVersion, node.kind));
  return [...new Map(wanted.map((node) => [keyOf(node), node])).values()];
}

function keyOf({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): string {
  return `${apiVersion}/${kind}`;
}

function schemaOf(crd: KubernetesObject): JsonSchema {
  const [version] = (fields(crd['spec'])['versions'] ?? []) as readonly Record<string, unknown>[];
  return fields(fields(version?.['schema'])['openAPIV3Schema']);
}

/** kro takes over the kind of a definition of the same name only. */
function foreignKind(graph: Graph, { metadata }: KubernetesObject): KubewrightError | undefined {
  const owner = metadata.labels?.['kro.run/owned'] === 'true' ? metadata.labels[ownerLabel] : undefined;
  if (owner === graph.name) return undefined;
  return new KubewrightError({
    code: 'KindTaken',
    resource: `definition ${graph.name}`,
    message:
      owner === undefined
        ? `the cluster has a CustomResourceDefinition ${metadata.name} that is not kro's`
        : `kind ${graph.kind} belongs to ResourceGraphDefinition ${owner}`,
    hint: 'Give this graph another kind, or `definition: { name, kind }` in the environment.',
  });
}

function breakingError(run: Run, graph: Graph, changes: readonly SchemaChange[]): KubewrightError {
  const keeping =
    run.rollbackTo === undefined
      ? 'Keep what is there and add to it, give the definition another name and kind'
      : 'Deploy the stack as it was then, with what its schema got since';
  return new KubewrightError({
    code: 'BreakingDefinition',
    resource: `definition ${graph.name}`,
    message: `kro refuses this change of an existing kind: ${list(changes)}`,
    hint: `${keeping}, or allow it: kubectl annotate resourcegraphdefinition ${graph.name} ${allowBreaking}=true.`,
  });
}

function list(changes: readonly SchemaChange[]): string {
  return changes.map(({ path, message }) => `${fieldPath(path)}: ${message}`).join('; ');
}

/** `.properties.spec.properties.size` is `spec.size`. */
function fieldPath(path: string): string {
  return path.replaceAll('.properties.', '.').replaceAll('.items', '[]').replace(/^\./, '');
}
