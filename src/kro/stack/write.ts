import { isDeepStrictEqual } from 'node:util';
import { KubewrightError, throwProblems } from '../../errors.ts';
import { print } from '../../expr/print.ts';
import type { ValueObject } from '../../expr/value.ts';
import type { Graph, GraphNode } from '../../graph/graph.ts';
import { nameProblem } from '../../graph/identifiers.ts';
import type { DefinitionOrigin } from '../../graph/origin.ts';
import type { JsonSchema } from '../../schema/json-schema.ts';
import { parseSimpleSchema } from '../../schema/simple-schema-parse.ts';
import { toSimpleSchema } from '../../schema/simple-schema.ts';
import { toDefinition } from '../definition.ts';
import { arkStruct } from './ark-type.ts';
import { BodyWriter } from './body.ts';
import { kindTexts, type KindTexts } from './kinds.ts';
import { data, list, object, quote } from './text.ts';
import { ExpressionTypes } from './types.ts';

export interface StackOptions {
  /** Schemas of kinds that are not built in. */
  readonly schemaOf: (node: GraphNode) => JsonSchema | undefined;
  /** File that it is read from, for the first line. */
  readonly file?: string;
}

/**
 * A stack file that makes the graph of a definition: an arktype schema, the kinds' factories, expressions as CEL text.
 *
 * @throws KubewrightError `CannotImport` for what a stack has no form for
 */
export function writeStack(graph: Graph, { schemaOf, file }: StackOptions): string {
  refuseNames(graph);
  const kinds = kindTexts(graph, schemaOf);
  const types = new ExpressionTypes(graph);
  const spec = arkStruct(graph.spec.json);
  const parts = definitionParts(graph, spec.exact);
  const name = constantName(graph.name);
  const built = graphText(graph, { kinds, types });
  const exported = parts
    ? `withDefinition(\n${built},\n  ${data(parts, '  ')},\n)`
    : built.replaceAll(/^ {2}/gm, '').trimStart();
  const declared = [
    ...kinds.declarations,
    `const Spec = type(${spec.text});`,
    `export const ${name} = ${exported};`,
    `run(import.meta, ${name});`,
  ];
  const words = ['Cel', 'external', 'forEach', 'kind'].filter((word) =>
    declared.some((text) => new RegExp(`\\b${word}[.(<]`).test(text)),
  );
  const imports = [
    "import { type } from 'arktype';",
    `import { ${[...words, 'run', 'toResourceGraph'].join(', ')} } from 'kubewright';`,
    ...(kinds.imports.length > 0 ? [`import { ${kinds.imports.join(', ')} } from 'kubewright/k8s';`] : []),
    ...(parts ? ["import { withDefinition } from 'kubewright/kro';"] : []),
  ];
  const head = file === undefined ? imports : [`// Made from ${file} by: npx kubewright import`, ...imports];
  return `${[head.join('\n'), ...declared].join('\n\n')}\n`;
}

/** kro takes names that would hide a function of CEL. */
function refuseNames({ nodes }: Graph): void {
  const problems = nodes.flatMap(({ id, forEach }) =>
    [nameProblem(id, 'resource id'), ...forEach.map(({ name }) => nameProblem(name, 'forEach variable'))].flatMap(
      (problem) => (problem ? [new KubewrightError({ ...problem, code: 'CannotImport', resource: id })] : []),
    ),
  );
  throwProblems('names', problems);
}

/** What has to be said beside the graph so that the definition is the same; `undefined` when nothing has. */
function definitionParts(graph: Graph, isExact: boolean): object | undefined {
  const origin = graph.origin as DefinitionOrigin;
  const { origin: _, ...bare } = graph;
  const same = isExact && sameSchema(graph.spec.json);
  const metadata = { ...(plainName(graph.name) !== graph.name && { name: graph.name }), ...origin.metadata };
  const parts = {
    ...(!same && { simpleSchema: origin.simpleSchema }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  };
  return Object.keys(parts).length > 0 || !sameDefinition(graph, bare) ? parts : undefined;
}

/** Whether the schema comes back from SimpleSchema as it was. */
function sameSchema(json: JsonSchema): boolean {
  try {
    return isDeepStrictEqual(
      JSON.parse(JSON.stringify(parseSimpleSchema(toSimpleSchema(json)))),
      JSON.parse(JSON.stringify(json)),
    );
  } catch (error) {
    if (error instanceof KubewrightError) return false;
    throw error;
  }
}

/** Whether the graph is written the same way without knowing that it came from a definition. */
function sameDefinition(graph: Graph, bare: Omit<Graph, 'origin'>): boolean {
  try {
    const [{ spec: now }, { spec: was }] = [toDefinition(bare), toDefinition(graph)];
    return isDeepStrictEqual([now.resources, now.schema.status], [was.resources, was.schema.status]);
  } catch (error) {
    if (error instanceof KubewrightError) return false;
    throw error;
  }
}

interface Written {
  readonly kinds: KindTexts;
  readonly types: ExpressionTypes;
}

function graphText(graph: Graph, written: Written): string {
  const head = { name: plainName(graph.name), apiVersion: `${graph.group}/${graph.version}`, kind: graph.kind };
  const fields = [
    ...Object.entries(head).map(([name, value]): [string, string] => [name, quote(value)]),
    ['spec', 'Spec'] as const,
    ...(graph.scope === 'Cluster' ? [['scope', quote(graph.scope)] as const] : []),
    ...Object.entries(graph.crd).map(([name, value]) => [name, data(value, '    ')] as const),
  ];
  const resources = graph.nodes.map((node): [string, string] => [node.id, resourceText(node, written)]);
  const status = new BodyWriter(written.types, written.types.outer).fields(graph.status, '    ');
  const conditions = graph.conditions.map(({ node }) => `Cel.expr(${quote(print(node))})`);
  const lines = [
    `    ${object(fields, '    ')},`,
    `    () => (${object(resources, '    ')}),`,
    ...(status !== '{}' ? [`    () => (${status}),`] : conditions.length > 0 ? ['    undefined,'] : []),
    ...(conditions.length > 0 ? [`    () => ${list(conditions, '    ')},`] : []),
  ];
  return `  toResourceGraph(\n${lines.join('\n')}\n  )`;
}

function resourceText(node: GraphNode, { kinds, types }: Written): string {
  const indent = '      ';
  const writer = new BodyWriter(types, types.environment(node));
  const outer = new BodyWriter(types, types.outer);
  const { apiVersion: _apiVersion, kind: _kind, ...body } = node.template;
  if (Object.hasOwn(body, 'status'))
    throw new KubewrightError({
      code: 'CannotImport',
      resource: node.id,
      path: 'status',
      message: 'a template with a status has no form in a stack',
      hint: 'Remove it: the cluster writes the status.',
    });
  const options = [
    ...(node.includeWhen.length > 0
      ? [
          [
            'includeWhen',
            list(
              node.includeWhen.map((condition) => outer.condition(condition)),
              indent,
            ),
          ] as const,
        ]
      : []),
    ...(node.readyWhen.length > 0
      ? [
          [
            'readyWhen',
            `() => ${list(
              node.readyWhen.map((condition) => writer.condition(condition)),
              indent,
            )}`,
          ] as const,
        ]
      : []),
  ];
  const content = writer.fields(node.external ? (body['metadata'] as ValueObject) : body, indent);
  const last = options.length > 0 ? `, ${object(options, indent)}` : '';
  const factory = kinds.factory(node);
  const made = node.external ? `external(${factory}, ${content}${last})` : `${factory}(${content}${last})`;
  return node.forEach.reduceRight(
    (inner, { name, list: items }) =>
      `forEach(Cel.expr<any[]>(${quote(print(items.node))}), () => ${inner}, { as: ${quote(name)} })`,
    made,
  );
}

/** Graphs have names without dots. */
function plainName(name: string): string {
  return name.replaceAll('.', '-');
}

function constantName(name: string): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter(Boolean);
  const joined = words
    .map((word, index) => (index === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1)))
    .join('');
  return /^[a-z]/.test(joined) ? `${joined}Graph` : `graph${joined}`;
}
