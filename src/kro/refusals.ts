import type { ErrorDetails } from '../errors.ts';
import type { Node } from '../expr/ast.ts';
import { identifiers } from '../expr/references.ts';
import { Expression, isObject, joinPath, type ValueObject, visitLeaves } from '../expr/value.ts';
import { children } from '../expr/walk.ts';
import type { GraphNode } from '../graph/graph.ts';
import type { Problems } from '../graph/problems.ts';
import { reservedPrefixes } from './api.ts';

/** The one label outside of kro's prefixes that it overwrites. */
const managedBy = 'app.kubernetes.io/managed-by';

type Refusal = Omit<ErrorDetails, 'resource'>;

/** Reports everything of a node that kro has no form for. */
export function refuseNode(node: GraphNode, gates: ReadonlySet<string>, problems: Problems): void {
  const found = [
    ...optionRefusals(node),
    ...conditionRefusals(node),
    ...(node.external ? externalRefusals(node) : templateRefusals(node)),
    ...leafRefusals(node, gates),
  ];
  const source = found.length > 0 ? node.source() : undefined;
  for (const { hint, ...refusal } of found) {
    problems.add({
      ...refusal,
      resource: node.id,
      hint: [hint, source && `(${source})`].filter(Boolean).join(' ') || undefined,
    });
  }
}

function* optionRefusals(node: GraphNode): Iterable<Refusal> {
  if (node.keep) {
    yield {
      code: 'KroCannotKeep',
      path: 'keep',
      message: 'kro deletes everything that it made',
      hint: 'Deploy it directly from a graph of its own and read it here with external(), or remove the option.',
    };
  }
  if (node.external && node.forEach.length > 0) {
    yield {
      code: 'KroExternalForEach',
      path: 'forEach',
      message: 'kro reads no collection of external objects by name',
      hint: 'Read them with a label selector.',
    };
  }
  const identity = ['name', 'namespace'].map((field) =>
    namesIn(isObject(node.template['metadata']) ? node.template['metadata'][field] : undefined),
  );
  for (const { name } of node.external ? [] : node.forEach) {
    if (identity.some((names) => names.has(name))) continue;
    yield {
      code: 'KroCollectionIdentity',
      path: 'metadata.name',
      message: `does not contain ${name}, so that all objects of the collection would be one`,
      hint: `Make the name from it: Cel.template\`…-\${${name}}\`.`,
    };
  }
}

function namesIn(value: unknown): Set<string> {
  return value instanceof Expression ? identifiers(value.node) : new Set();
}

function* conditionRefusals(node: GraphNode): Iterable<Refusal> {
  const own = node.forEach.length > 0 ? 'each' : node.id;
  for (const [index, condition] of node.readyWhen.entries()) {
    const others = [...identifiers(condition.node)].filter((name) => name !== own);
    if (others.length === 0) continue;
    yield {
      code: 'KroReadyWhen',
      path: `readyWhen[${index}]`,
      message: `names ${others.join(', ')}, and kro lets it name only the resource itself`,
      hint: 'Compare with a field of the resource; conditions on others belong into includeWhen.',
    };
  }
  if (node.external === 'selector' && node.readyWhen.length > 0) {
    yield {
      code: 'KroReadyWhen',
      path: 'readyWhen',
      message: 'kro never finds objects that were read by selector ready',
      hint: 'Remove it, or use the condition as includeWhen of the resources that refer to them.',
    };
  }
  for (const [index, condition] of node.includeWhen.entries()) {
    const names = identifiers(condition.node);
    const wrong = [node.id, 'each', ...node.forEach.map(({ name }) => name)].filter((name) => names.has(name));
    if (wrong.length === 0) continue;
    yield {
      code: 'KroIncludeWhen',
      path: `includeWhen[${index}]`,
      message: `names ${wrong.join(', ')}, which is not known before the resource is`,
      hint: 'Filter the list of a collection instead: forEach(list.filter(…), …).',
    };
  }
}

function* externalRefusals({ template, external }: GraphNode): Iterable<Refusal> {
  const { name, selector } = (template['metadata'] ?? {}) as ValueObject;
  if (external === 'name' && (name === undefined || name === '')) {
    yield {
      code: 'KroExternal',
      path: 'metadata.name',
      message: 'is missing',
      hint: 'Name the object, or give a selector.',
    };
  }
  if (external === 'selector' && !isObject(selector) && !(selector instanceof Expression)) {
    yield {
      code: 'KroExternal',
      path: 'metadata.selector',
      message: 'is missing',
      hint: 'Give matchLabels or matchExpressions.',
    };
  }
}

function* templateRefusals(node: GraphNode): Iterable<Refusal> {
  const { metadata } = node.template;
  if (!isObject(metadata)) {
    yield {
      code: 'KroMetadata',
      path: 'metadata',
      message: metadata === undefined ? 'is missing' : 'has to be an object with a name',
      hint: 'Write metadata: { name: … } and put expressions inside it.',
    };
    return;
  }
  if (metadata['name'] === undefined) {
    yield {
      code: 'KroMetadata',
      path: 'metadata.name',
      message: 'is missing',
      hint: 'kro makes objects by name; generateName is not enough.',
    };
  }
  if (node.namespaced === false && metadata['namespace'] !== undefined) {
    yield {
      code: 'KroMetadata',
      path: 'metadata.namespace',
      message: `${node.kind} has no namespace`,
      hint: 'Remove it.',
    };
  }
  for (const field of ['labels', 'annotations']) {
    const entries = metadata[field];
    for (const key of isObject(entries) ? Object.keys(entries) : []) {
      const path = joinPath(`metadata.${field}`, key);
      if (reservedPrefixes.some((prefix) => key.startsWith(prefix)))
        yield { code: 'KroReservedKey', path, message: 'belongs to kro', hint: 'Choose another prefix.' };
      if (field === 'labels' && key === managedBy)
        yield {
          code: 'KroReservedKey',
          path,
          message: 'kro writes its own name there',
          hint: 'Remove it, or choose another label.',
        };
    }
  }
}

function leafRefusals(node: GraphNode, gates: ReadonlySet<string>): Refusal[] {
  const found: Refusal[] = [];
  const isCrd = node.kind === 'CustomResourceDefinition' && node.apiVersion.startsWith('apiextensions.k8s.io/');
  visitLeaves(node.template, (leaf, pathOf) => {
    const text = leaf instanceof Expression || (typeof leaf === 'string' && leaf.includes('${'));
    if (isCrd && text && !pathOf().startsWith('metadata.')) {
      found.push({
        code: 'KroCrdExpression',
        path: pathOf(),
        message: 'kro takes expressions (and the text ${) of a CustomResourceDefinition only in its metadata',
        hint: 'Write a plain value.',
      });
    }
    if (leaf instanceof Expression && !gates.has('CELOmitFunction') && callsOmit(leaf.node)) {
      found.push({
        code: 'KroFeatureGate',
        path: pathOf(),
        message: 'omit() needs the feature gate CELOmitFunction',
        hint: 'Switch it on in kro and say so with featureGates, or make two resources with includeWhen.',
      });
    }
  });
  return found;
}

function callsOmit(node: Node): boolean {
  return (node.kind === 'call' && node.function === 'omit' && !node.target) || children(node).some(callsOmit);
}
