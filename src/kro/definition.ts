import { refuseOtherCopy } from '../copy.ts';
import type { GraphData } from '../graph/graph.ts';
import { Problems } from '../graph/problems.ts';
import { toSimpleSchema } from '../schema/simple-schema.ts';
import { type DefinitionSchema, kroApiVersion, type ResourceGraphDefinition } from './api.ts';
import { writeExpression } from './expressions.ts';
import { writeImported } from './import-emission.ts';
import { refuseNode } from './refusals.ts';
import { writeResource } from './resource.ts';
import { splitSecrets } from './secrets.ts';
import { writeStatus } from './status.ts';
import { hasNoValues } from './values.ts';

export interface DefinitionOptions {
  /** Other names than the graph's: two definitions of one graph in one cluster need them. */
  readonly definition?: { readonly name?: string | undefined; readonly kind?: string | undefined } | undefined;
  /** kro's feature gates that are switched on, such as `CELOmitFunction`. @default [] */
  readonly featureGates?: readonly string[] | undefined;
}

/**
 * The ResourceGraphDefinition of a graph. What kro would refuse is rewritten where its meaning stays: constants in the
 * status, `dependsOn`, records that stand for objects. Secrets that hold literal or
 * deferred data are only read by the definition (see {@link splitSecrets}).
 *
 * @throws KubewrightError that lists everything that kro has no form for, each with a way out
 * @example
 * const definition = toDefinition(app, { definition: { name: 'app-blue', kind: 'AppBlue' } });
 */
export function toDefinition(graph: GraphData, options: DefinitionOptions = {}): ResourceGraphDefinition {
  refuseOtherCopy(graph);
  if (graph.origin) return writeImported(graph, graph.origin, options);
  const name = options.definition?.name ?? graph.name;
  const problems = new Problems(`kro definition ${name}`);
  checkNames({ name, kind: options.definition?.kind ?? graph.kind }, problems);
  const { nodes } = splitSecrets(graph, problems);
  const gates = new Set(options.featureGates);
  const resources = nodes.map((node) => {
    refuseNode(node, gates, problems);
    return writeResource(node, nodes);
  });
  const schema = writeSchema(graph, problems);
  problems.throwIfAny();
  return {
    apiVersion: kroApiVersion,
    kind: 'ResourceGraphDefinition',
    metadata: { name },
    spec: { schema: { ...schema, kind: options.definition?.kind ?? graph.kind }, resources },
  };
}

function checkNames({ name, kind }: { readonly name: string; readonly kind: string }, problems: Problems): void {
  if (!/^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/.test(name)) {
    problems.add({
      code: 'InvalidDefinition',
      resource: 'definition',
      path: 'name',
      message: `${JSON.stringify(name)} is no name of an object`,
      hint: 'Use lower-case letters, digits and dashes, at most 63.',
    });
  }
  if (!/^[A-Z][a-zA-Z0-9]{0,62}$/.test(kind)) {
    problems.add({
      code: 'InvalidDefinition',
      resource: 'definition',
      path: 'kind',
      message: `${JSON.stringify(kind)} is no kind`,
      hint: 'Use UpperCamelCase letters and digits, at most 63.',
    });
  }
}

function writeSchema(graph: GraphData, problems: Problems): DefinitionSchema {
  const { spec, types } = hasNoValues(graph)
    ? { spec: {} }
    : (problems.attempt({}, () => toSimpleSchema(graph.spec.json, `graph ${graph.name}`)) ?? { spec: {} });
  const status = {
    ...writeStatus(graph.status, problems),
    ...(graph.conditions.length > 0 && { conditions: graph.conditions.map(writeExpression) }),
  };
  return {
    apiVersion: graph.version,
    kind: graph.kind,
    group: graph.group,
    ...(graph.scope === 'Cluster' && { scope: graph.scope }),
    ...graph.crd,
    ...(types && { types }),
    spec,
    ...(Object.keys(status).length > 0 && { status }),
  };
}
