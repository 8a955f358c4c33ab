import type { ComprehensionNode, Macro, Node } from './ast.ts';
import type { Checker } from './check.ts';
import { variableName } from './check-parts.ts';
import { formatType } from './type-text.ts';
import type { Local, Typed } from './typed.ts';
import type { CelType } from './types.ts';

const any: CelType = { kind: 'dyn' };
const bool: CelType = { kind: 'bool' };
const int: CelType = { kind: 'int' };

/** Types a comprehension as cel-go types the macro's expansion, with the same complaints. */
export function checkComprehension(checker: Checker, node: ComprehensionNode): Typed {
  if (node.macro === 'optMap' || node.macro === 'optFlatMap') return checkOptional(checker, node);
  const range = checker.check(node.range);
  const { locals, element } = iteration(checker, node, checker.substitution.apply(range.type));
  return checker.within(locals, () => {
    const filter = node.filter && checker.check(node.filter);
    const body = checker.check(node.body);
    const checked: Parts = { node, range, filter, body, element, locals };
    const type = checker.substitution.apply(resultType(checker, checked));
    return { kind: 'comprehension', macro: node.macro, range, variables: locals, filter, body, type, node };
  });
}

interface Parts {
  readonly node: ComprehensionNode;
  readonly range: Typed;
  readonly filter: Typed | undefined;
  readonly body: Typed;
  /** What the range holds: the type that `filter` and `sortBy` give back. */
  readonly element: CelType;
  readonly locals: readonly Local[];
}

function iteration(checker: Checker, node: ComprehensionNode, range: CelType): { locals: Local[]; element: CelType } {
  const names = node.variables.map(variableName);
  const two = names.length === 2;
  const locals = (first: CelType, second: CelType): Local[] =>
    two
      ? [
          { name: names[0] ?? '', type: first },
          { name: names[1] ?? '', type: second },
        ]
      : [{ name: names[0] ?? '', type: first }];
  switch (range.kind) {
    case 'list':
      return {
        locals: two ? locals(int, range.element) : locals(range.element, range.element),
        element: range.element,
      };
    case 'map':
      return { locals: locals(range.key, range.value), element: range.key };
    case 'dyn':
    case 'error':
    case 'parameter':
      checker.substitution.assignable(any, range);
      return { locals: locals(any, any), element: any };
    default: {
      const reason = 'cannot be range of a comprehension (must be list, map, or dynamic)';
      // What sortBy goes over is a copy of its target, at its own place.
      checker.issue(node.macro === 'sortBy' ? node : node.range, `expression of type '${formatType(range)}' ${reason}`);
      const error: CelType = { kind: 'error' };
      return { locals: locals(error, error), element: error };
    }
  }
}

function resultType(checker: Checker, parts: Parts): CelType {
  const { node, body, element, filter, locals } = parts;
  const macro: Macro = node.macro;
  switch (macro) {
    case 'all':
    case 'exists':
      requireBool(checker, body);
      return bool;
    case 'exists_one':
    case 'existsOne':
      requireCondition(checker, node, body, int);
      return bool;
    case 'filter':
      requireCondition(checker, node, body, { kind: 'list', element });
      return { kind: 'list', element };
    case 'map':
    case 'transformList':
      if (filter) requireCondition(checker, node, filter, { kind: 'list', element: body.type });
      return { kind: 'list', element: body.type };
    case 'transformMap': {
      const type: CelType = { kind: 'map', key: locals[0]?.type ?? any, value: body.type };
      if (filter) requireCondition(checker, node, filter, type);
      return type;
    }
    case 'transformMapEntry':
      return entryType(checker, parts);
    case 'sortBy':
      return sortType(checker, parts);
    case 'optMap':
    case 'optFlatMap':
      return any;
  }
}

function requireBool(checker: Checker, body: Typed): void {
  if (checker.substitution.assignable(body.type, bool)) return;
  checker.issue(body.node, `expected type 'bool' but found '${formatType(checker.substitution.apply(body.type))}'`);
}

/** The expansion is `condition ? step : accumulator`, and that is what the message speaks of. */
function requireCondition(checker: Checker, node: Node, condition: Typed, accumulator: CelType): void {
  if (checker.substitution.assignable(condition.type, bool)) return;
  const text = formatType(checker.substitution.apply(condition.type, true));
  const result = formatType(checker.substitution.apply(accumulator, true));
  checker.issue(node, `found no matching overload for '_?_:_' applied to '(${text}, ${result}, ${result})'`);
}

function entryType(checker: Checker, { node, body, filter }: Parts): CelType {
  const key = checker.substitution.fresh();
  const value = checker.substitution.fresh();
  const type: CelType = { kind: 'map', key, value };
  if (!checker.substitution.assignable(body.type, type)) {
    const text = formatType(checker.substitution.apply(body.type, true));
    checker.issue(node, `found no matching overload for 'cel.@mapInsert' applied to '(map(dyn, dyn), ${text})'`);
  }
  if (filter) requireCondition(checker, node, filter, type);
  return type;
}

/** The expansion sorts the range by the list of keys, with a function of its own. */
function sortType(checker: Checker, { node, range, body }: Parts): CelType {
  const keys: Typed = { ...body, type: { kind: 'list', element: body.type } };
  return checker.overload({ name: '@sortByAssociatedKeys', node, args: [range, keys], member: true }).type;
}

/** `target.hasValue() ? optional.of(body) : optional.none()` with the variable standing for `target.value()`. */
function checkOptional(checker: Checker, node: ComprehensionNode): Typed {
  const range = checker.check(node.range);
  checker.overload({ name: 'hasValue', node, args: [range], member: true });
  const value = checker.overload({ name: 'value', node, args: [range], member: true }).type;
  const local: Local = { name: variableName(node.variables[0] ?? ''), type: value };
  return checker.within([local], () => {
    const body = checker.check(node.body);
    const type = optionalResult(checker, node, body);
    const { macro } = node;
    return { kind: 'comprehension', macro, range, variables: [local], filter: undefined, body, type, node };
  });
}

function optionalResult(checker: Checker, node: ComprehensionNode, body: Typed): CelType {
  if (node.macro === 'optMap') return { kind: 'optional', value: checker.substitution.apply(body.type) };
  const none: CelType = { kind: 'optional', value: checker.substitution.fresh() };
  if (checker.substitution.assignable(none, body.type)) return checker.substitution.apply(body.type);
  const text = formatType(checker.substitution.apply(body.type, true));
  checker.issue(node, `found no matching overload for '_?_:_' applied to '(bool, ${text}, optional_type(dyn))'`);
  return { kind: 'error' };
}
