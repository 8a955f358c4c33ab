import type { Node } from '../expr/ast.ts';
import { check, type Checked, formatType, isAssignable } from '../expr/check.ts';

import type { Environment } from '../expr/environment.ts';
import { literal, call } from '../expr/nodes.ts';
import { pathOf } from '../expr/path.ts';
import type { CelType } from '../expr/types.ts';
import {
  Deferred,
  define,
  Expression,
  isObject,
  pathText,
  type Step,
  type Value,
  type ValueObject,
  visitLeaves,
} from '../expr/value.ts';
import { celTypeOf } from '../schema/cel-type.ts';
import { checkLiterals } from '../schema/kubernetes.ts';
import type { GraphData, GraphNode } from './graph.ts';
import { checkConditions } from './conditions.ts';
import { loosenRecords, lower } from './lower.ts';
import type { BoundNode } from './nodes.ts';
import { settleNumbers } from './numbers.ts';
import type { Problems } from './problems.ts';
import { GraphTypes, objectType } from './types.ts';

/** A graph whose nodes have no order yet. */
export type UncheckedGraph = Omit<GraphData, 'order' | 'nodes'> & { readonly nodes: readonly BoundNode[] };

/** Type-checks every expression of a graph and brings it into the form that kro accepts. */
export function checkGraph(
  graph: UncheckedGraph,
  problems: Problems,
): Omit<GraphData, 'order' | 'nodes'> & { readonly nodes: readonly Omit<GraphNode, 'dependencies'>[] } {
  const spec = { ...graph.spec, json: settleNumbers(graph) };
  const types = new GraphTypes({ ...graph, spec });
  const nodes = graph.nodes.map((node) => new NodeChecker(node, types, problems).check());
  const expected = graph.statusSchema ? celTypeOf(graph.statusSchema, 'status') : dyn;
  const checker = new LeafChecker({ resource: 'status', environment: types.environment, problems });
  const status = checker.value(graph.status, expected) as ValueObject;
  const conditions = checkConditions(graph.conditions, types, problems);
  if (graph.scope === 'Cluster') checkNamespaces(graph.nodes, problems);
  return { ...graph, spec, nodes, status, conditions };
}

/** Objects of a cluster-scoped instance have no namespace to inherit. */
function checkNamespaces(nodes: readonly BoundNode[], problems: Problems): void {
  for (const { id, kind, namespaced, template, external, source } of nodes) {
    const { metadata } = template;
    if (namespaced !== true || external === 'selector' || (isObject(metadata) && metadata['namespace'] !== undefined))
      continue;
    problems.add({
      code: 'MissingNamespace',
      resource: id,
      path: 'metadata.namespace',
      message: `is missing: ${kind} is namespaced, and the instance is cluster-scoped${placeOf(source)}`,
      hint: 'Name a namespace, for instance from a field of the spec.',
    });
  }
}

const dyn: CelType = { kind: 'dyn' };
const bool: CelType = { kind: 'bool' };

class NodeChecker {
  readonly #node: BoundNode;
  readonly #types: GraphTypes;
  readonly #problems: Problems;

  constructor(node: BoundNode, types: GraphTypes, problems: Problems) {
    this.#node = node;
    this.#types = types;
    this.#problems = problems;
  }

  check(): Omit<GraphNode, 'dependencies'> {
    const { draft, ...node } = this.#node;
    const outer = this.#leaves(this.#types.environment);
    const variables = new Map<string, CelType>();
    const forEach = node.forEach.map(({ name, list }) => {
      const { expression, type } = outer.expression(list, undefined, () => `forEach.${name}`);
      variables.set(name, this.#elementOf(type, name));
      return { name, list: expression };
    });
    const own = node.forEach.length > 0 ? 'each' : node.id;
    const object = objectType(this.#node);
    const inner = this.#leaves(this.#types.with(variables));
    this.#checkLiterals();
    const template = inner.value(node.template, node.external ? dyn : object) as ValueObject;
    if (inner.hasDeferred) this.#refuseDeferred();
    return {
      ...node,
      forEach,
      template,
      includeWhen: node.includeWhen.map((condition) => outer.condition(condition, 'includeWhen')),
      readyWhen: node.readyWhen.map((condition) =>
        this.#leaves(this.#types.only(new Map([[own, object]]))).condition(condition, 'readyWhen'),
      ),
    };
  }

  /** What the API server and kro would refuse, found before anything is sent; templates of other kinds are theirs to check. */
  #checkLiterals(): void {
    const { id, template, external, source } = this.#node;
    if (external) return;
    const isUnknown = (value: unknown): boolean => value instanceof Expression || value instanceof Deferred;
    for (const { path, message, hint } of checkLiterals(template, isUnknown)) {
      this.#problems.add({ code: 'InvalidField', resource: id, path, message: `${message}${placeOf(source)}`, hint });
    }
  }

  #refuseDeferred(): void {
    const { id, template, source, apiVersion, kind } = this.#node;
    if (apiVersion === 'v1' && kind === 'Secret') return;
    visitLeaves(template, (leaf, path) => {
      if (!(leaf instanceof Deferred)) return;
      this.#problems.add({
        code: 'SecretOutsideSecret',
        resource: id,
        path: path(),
        message: `${leaf.toString()} would be readable in a ${kind}${placeOf(source)}`,
        hint: 'Put it into a Secret and refer to the Secret.',
      });
    });
  }

  #leaves(environment: Environment): LeafChecker {
    return new LeafChecker({
      resource: this.#node.id,
      environment,
      problems: this.#problems,
      source: this.#node.source,
    });
  }

  #elementOf(type: CelType | undefined, name: string): CelType {
    if (type?.kind === 'list') return type.element;
    if (type !== undefined) {
      this.#problems.add({
        code: 'NotAList',
        resource: this.#node.id,
        path: `forEach.${name}`,
        message: `is of type ${formatType(type)}, and a collection is made from a list`,
        hint: 'Give a field with a list type, Cel.keys(record), or a list of values.',
      });
    }
    return dyn;
  }
}

interface Place {
  readonly resource: string;
  readonly environment: Environment;
  readonly problems: Problems;
  readonly source?: () => string | undefined;
}

class LeafChecker {
  readonly #place: Place;
  /** Whether a value that is read at deployment was met. */
  hasDeferred = false;

  constructor(place: Place) {
    this.#place = place;
  }

  /** Checks the expressions of a tree against the type of its place. */
  value(tree: Value, type: CelType): Value {
    const steps: Step[] = [];
    const path = (): string => pathText(steps);
    const walk = (value: Value, step: Step): Value => {
      // Most leaves are plain: nothing is to be done for them.
      if (typeof value !== 'object' || value === null) return value;
      steps.push(step);
      const checked =
        value instanceof Expression ? this.expression(value, typeAt(type, steps), path).expression : walkInside(value);
      steps.pop();
      return checked;
    };
    const walkInside = (value: Value & object): Value => {
      if (Array.isArray(value)) return mapSame(value, walk);
      if (!isObject(value)) {
        this.hasDeferred ||= value instanceof Deferred;
        return value;
      }
      let result: Record<string, Value> | undefined;
      for (const key of Object.keys(value)) {
        const old = value[key] as Value;
        const changed = walk(old, key);
        if (changed !== old) define((result ??= { ...value }), key, changed);
      }
      return result ? Object.freeze(result) : value;
    };
    return walkInside(tree as Value & object);
  }

  condition(condition: Expression, path: string): Expression {
    const { expression, type } = this.expression(condition, undefined, () => path);
    if (type === undefined || type.kind === 'bool' || (type.kind === 'optional' && type.value.kind === 'bool'))
      return expression;
    // kro refuses a condition whose type is not known to be bool.
    if (type.kind === 'dyn') return new Expression(call('_==_', [expression.node, literal(true)]));
    this.#mismatch(expression, path, `is of type ${formatType(type)}, and a condition is ${formatType(bool)}`);
    return expression;
  }

  expression(
    given: Expression,
    expected: CelType | undefined,
    path: () => string,
  ): { expression: Expression; type: CelType | undefined } {
    const { environment } = this.#place;
    const key = plainPath(given.node);
    const expression = (key !== undefined && sharedPaths(environment).get(key)) || given;
    const checked = expression.memo.checked ?? this.#check(expression, path);
    if (!checked) return { expression, type: undefined };
    const fitting = expected ? fit(checked, expected, environment) : checked;
    const result = fitting.node === expression.node ? expression : new Expression(fitting.node);
    result.memo.checked = fitting;
    if (key !== undefined && result === expression) sharedPaths(environment).set(key, result);
    const reason = expected && isAssignable(expected, fitting.type);
    if (expected && reason !== undefined) {
      const detail = reason ? ` (${reason})` : '';
      this.#mismatch(
        result,
        path(),
        `is of type ${formatType(fitting.type)}, and the field is ${formatType(expected)}${detail}`,
        hintFor(expected, fitting.type),
      );
    }
    return { expression: result, type: fitting.type };
  }

  #check({ node }: Expression, path: () => string): Checked | undefined {
    const { environment, problems, resource, source } = this.#place;
    try {
      return check(lower(node, environment), environment);
    } catch (error) {
      problems.attempt({ resource, path: path(), source }, () => {
        throw error;
      });
      return undefined;
    }
  }

  #mismatch(expression: Expression, path: string, message: string, hint?: string): void {
    this.#place.problems.add({
      code: 'TypeMismatch',
      resource: this.#place.resource,
      path,
      message: `${pathOf(expression.node)} ${message}${placeOf(this.#place.source)}`,
      hint,
    });
  }
}

/** What fits the field without a change of meaning: an integer where any number goes, a written-out object as a record of any values. */
function fit(checked: Checked, expected: CelType, environment: Environment): Checked {
  if (isAssignable(expected, checked.type) === undefined) return checked;
  const adapted =
    expected.kind === 'double' && checked.type.kind === 'int'
      ? call('double', [checked.node])
      : loosenRecords(checked.node);
  if (adapted === checked.node) return checked;
  try {
    const again = check(adapted, environment);
    return isAssignable(expected, again.type) === undefined ? again : checked;
  } catch {
    return checked;
  }
}

function placeOf(source: (() => string | undefined) | undefined): string {
  const place = source?.();
  return place ? ` (${place})` : '';
}

function hintFor(expected: CelType, actual: CelType): string | undefined {
  if (expected.kind === 'int' && actual.kind === 'double')
    return "Write 'number.integer' in the schema, or use .toInt().";
  if (expected.kind === 'string' && (actual.kind === 'int' || actual.kind === 'double' || actual.kind === 'bool'))
    return 'Use .toText().';
  if (expected.kind === 'bytes' && actual.kind === 'string') return 'Use stringData, which takes text.';
  if (actual.kind === 'optional') return 'Use .orElse(…).';
  return undefined;
}

/** The type of a place inside of a value. */
function typeAt(type: CelType, steps: readonly Step[]): CelType {
  let at = type;
  for (const step of steps) {
    if (typeof step === 'number') at = at.kind === 'list' ? at.element : dyn;
    else if (at.kind === 'struct') at = at.field(step) ?? dyn;
    else at = at.kind === 'map' ? at.value : dyn;
  }
  return at;
}

function mapSame(items: readonly Value[], change: (item: Value, index: number) => Value): Value {
  let changed = false;
  const result = items.map((item, index) => {
    const next = change(item, index);
    changed ||= next !== item;
    return next;
  });
  return changed ? Object.freeze(result) : items;
}

/** The same path is one expression: it is checked and compiled once, however often an author writes it. */
const pathsOf = new WeakMap<Environment, Map<string, Expression>>();

function sharedPaths(environment: Environment): Map<string, Expression> {
  let paths = pathsOf.get(environment);
  if (!paths) pathsOf.set(environment, (paths = new Map()));
  return paths;
}

/** `schema.spec.image` of a plain path, `undefined` for everything else. */
function plainPath(node: Node): string | undefined {
  if (node.kind === 'identifier') return node.name;
  if (node.kind !== 'select' || node.optional) return undefined;
  const operand = plainPath(node.operand);
  return operand === undefined ? undefined : `${operand}.${node.field}`;
}

/** The result of the check when the graph was built, `undefined` for an expression that a transformation made. */
export function checkedOf(expression: Expression): Checked | undefined {
  return expression.memo.checked;
}
