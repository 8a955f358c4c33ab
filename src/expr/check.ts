import type { CallNode, Node } from './ast.ts';
import { checkComprehension } from './check-macros.ts';
import { dottedName, gathered, literalTypes, variableName } from './check-parts.ts';
import { candidates, type Environment, typeNamed } from './environment.ts';
import { CelError, type CelIssue } from './error.ts';
import { declaredField } from './field-name.ts';
import { checkLiterals } from './format-check.ts';
import type { FunctionDeclaration, Overload } from './library/overload.ts';
import { checkRule } from './rule-check.ts';
import { sourceOf } from './source.ts';
import { isDynamic, mostGeneral, replaceParameters, sameType, Substitution } from './substitution.ts';
import { formatType } from './type-text.ts';
import type { Local, Typed } from './typed.ts';
import type { CelType, StructType } from './types.ts';

export { isAssignable } from './assignable.ts';
export { formatType } from './type-text.ts';

/** An expression whose names and types are known to fit. */
export interface Checked {
  readonly node: Node;
  readonly type: CelType;
  /** The type of a node of the tree that was checked. */
  typeOf(node: Node): CelType | undefined;
  /** For `compile`. */
  readonly tree: Typed;
  /** For `compile`: a type of the tree without parameters. */
  final(type: CelType): CelType;
  /** For `compile`: CEL as specified is stricter than kro about repeated keys and about fields of what has none. */
  readonly strict: boolean;
}

export interface CheckOptions {
  /**
   * Leaves what does not fit to the evaluation, which then fails or not: the meaning of an expression that was only
   * parsed.
   *
   * @default false
   */
  readonly lenient?: boolean;
}

/**
 * Resolves names and overloads.
 *
 * @throws CelError with phase `check` that lists all issues, in cel-go's words
 */
export function check(node: Node, environment: Environment, options: CheckOptions = {}): Checked {
  const checker = new Checker(environment, options.lenient ?? false);
  const tree = checker.check(node);
  const final = (type: CelType): CelType => checker.substitution.apply(type, true);
  if (checker.issues.length === 0) {
    const { kind: dialect } = environment;
    const issue = (at: Node, reason: string): void => checker.issue(at, reason);
    checkLiterals(tree, { issue, final, dialect });
    if (dialect === 'rules') checkRule(tree, { issue, final });
  }
  if (checker.issues.length > 0) {
    const issues = [...checker.issues].sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
    throw new CelError({ phase: 'check', issues, source: sourceOf(node) });
  }
  const { substitution, types } = checker;
  return {
    node,
    tree,
    type: substitution.apply(tree.type, true),
    typeOf(inner) {
      const type = types.get(inner);
      return type && substitution.apply(type, true);
    },
    final,
    strict: environment.kind === 'standard',
  };
}

const error: CelType = { kind: 'error' };
const any: CelType = { kind: 'dyn' };
const bool: CelType = { kind: 'bool' };

interface Scope {
  readonly local: Local;
  readonly outer: Scope | undefined;
}

export class Checker {
  readonly issues: CelIssue[] = [];
  readonly substitution: Substitution = new Substitution();
  readonly types: Map<Node, CelType> = new Map();
  private readonly environment: Environment;
  private readonly lenient: boolean;
  /** Whether numbers of different types may be compared with `<`. */
  private mixed: boolean;
  private scope: Scope | undefined;

  constructor(environment: Environment, lenient: boolean) {
    this.environment = environment;
    this.lenient = lenient;
    this.mixed = environment.kind !== 'kro' || lenient;
  }

  issue(at: Node, reason: string): void {
    if (this.lenient) return;
    this.issues.push(at.position === undefined ? { reason } : { reason, position: at.position });
  }

  check(node: Node): Typed {
    const typed = this.visit(node);
    if (!this.types.has(node)) this.types.set(node, typed.type);
    return typed;
  }

  /** Checks `body` with these variables in scope. */
  within<T>(locals: readonly Local[], body: () => T): T {
    const outer = this.scope;
    // cel-go forgets with the first scope that such comparisons are not enabled, and does not remember it afterwards.
    this.mixed = true;
    for (const local of locals) this.scope = { local, outer: this.scope };
    const result = body();
    this.scope = outer;
    return result;
  }

  private visit(node: Node): Typed {
    switch (node.kind) {
      case 'literal':
        return { kind: 'constant', literal: node, type: literalTypes[node.type], node };
      case 'identifier':
        return this.identifier(node);
      case 'select':
        return this.select(node);
      case 'has': {
        const operand = this.check(node.operand);
        this.field(node, operand, node.field);
        return { kind: 'has', operand, field: node.field, type: bool, node };
      }
      case 'index':
        return this.index(node);
      case 'call':
        return this.call(node);
      case 'list':
        return this.list(node);
      case 'map':
        return this.map(node);
      case 'message':
        for (const { value } of node.fields) this.check(value);
        return this.undeclared(node, node.type);
      case 'comprehension':
        return checkComprehension(this, node);
      case 'bind': {
        if (this.environment.kind === 'rules') return this.undeclared(node, 'cel');
        const init = this.check(node.init);
        const local = { name: variableName(node.variable), type: init.type };
        const body = this.within([local], () => this.check(node.body));
        return { kind: 'bind', local, init, body, type: this.substitution.apply(body.type), node };
      }
      case 'template':
        return this.template(node);
      case 'handle':
        return this.undeclared(node, 'a resource that is not part of the graph');
    }
  }

  private undeclared(node: Node, name: string): Typed {
    this.issue(node, `undeclared reference to '${name}' (in container '${this.environment.container}')`);
    return { kind: 'variable', name, type: error, node };
  }

  private identifier(node: Node & { kind: 'identifier' }): Typed {
    return this.resolve(node.name, node) ?? this.undeclared(node, node.name);
  }

  private resolve(name: string, node: Node): Typed | undefined {
    for (let scope = this.scope; scope; scope = scope.outer) {
      if (scope.local.name === name) return { kind: 'local', local: scope.local, type: scope.local.type, node };
    }
    for (const candidate of candidates(name, this.environment.container)) {
      const type = this.environment.variable(candidate);
      if (type) return { kind: 'variable', name: candidate, type, node };
      const names = typeNamed(candidate, this.environment);
      if (names) return { kind: 'typeName', names, type: { kind: 'type', value: names }, node };
    }
    return undefined;
  }

  private isLocal(name: string): boolean {
    for (let scope = this.scope; scope; scope = scope.outer) if (scope.local.name === name) return true;
    return false;
  }

  private select(node: Node & { kind: 'select' }): Typed {
    const { field, optional = false } = node;
    const qualified = optional ? undefined : this.qualified(node);
    if (qualified) return qualified;
    const operand = this.check(node.operand);
    const selected = this.field(node, operand, field);
    const already = operand.type.kind === 'optional' || this.substitution.apply(operand.type).kind === 'optional';
    const type: CelType = already || optional ? { kind: 'optional', value: selected } : selected;
    return { kind: 'select', operand, field, optional, type: this.substitution.apply(type), node };
  }

  /** `a.b.c` as one name: a variable with dots, or a type such as google.protobuf.Timestamp. */
  private qualified(node: Node & { kind: 'select' }): Typed | undefined {
    const name = dottedName(node);
    if (name === undefined) return undefined;
    const root = name.slice(0, name.indexOf('.', 1));
    if (this.isLocal(root)) return undefined;
    const { environment } = this;
    if (!environment.dotted && environment.container === '' && environment.variable(root)) return undefined;
    return this.resolve(name, node);
  }

  /** The type of a field of the operand, whose own optional is looked through. */
  private field(node: Node, operand: Typed, field: string): CelType {
    const whole = this.substitution.apply(operand.type);
    const target = whole.kind === 'optional' ? this.substitution.apply(whole.value) : whole;
    switch (target.kind) {
      case 'map':
        return target.value;
      case 'struct':
        return this.structField(node, target, field);
      case 'parameter':
        this.substitution.assignable(any, target);
        return any;
      default:
        if (!isDynamic(target)) {
          this.issue(node, `type '${formatType(target)}' does not support field selection`);
        }
        return any;
    }
  }

  private structField(node: Node, struct: StructType, field: string): CelType {
    const name = declaredField(field);
    const type = name === undefined ? undefined : struct.field(name);
    if (type) return type;
    if (struct.open) return any;
    this.issue(node, `undefined field '${field}'`);
    return error;
  }

  private index(node: Node & { kind: 'index' }): Typed {
    const operand = this.check(node.operand);
    const index = this.check(node.index);
    const name = node.optional ? '_[?_]' : '_[_]';
    const { type } = this.overload({ name, node, args: [operand, index], member: false });
    return { kind: 'index', operand, index, optional: node.optional ?? false, type, node };
  }

  private call(node: CallNode): Typed {
    const args = node.args.map((argument) => this.check(argument));
    if (!node.target) return this.overload({ name: node.function, node, args, member: false }).typed;
    const prefix =
      node.target.kind === 'identifier' || node.target.kind === 'select' ? dottedName(node.target) : undefined;
    if (prefix !== undefined) {
      const name = `${prefix}.${node.function}`;
      if (this.declaration(name))
        return this.overload({ name, node, args: gathered(name, args, node), member: false }).typed;
    }
    const target = this.check(node.target);
    return this.overload({ name: node.function, node, args: [target, ...args], member: true }).typed;
  }

  private declaration(name: string): FunctionDeclaration | undefined {
    for (const candidate of candidates(name, this.environment.container)) {
      const found = this.environment.functions.get(candidate);
      if (found) return found;
    }
    return undefined;
  }

  /** Finds the overloads of a function that fit; reports when there are none. */
  overload(call: { name: string; node: Node; args: readonly Typed[]; member: boolean }): {
    type: CelType;
    typed: Typed;
  } {
    const { name, node, args, member } = call;
    const declaration = this.declaration(name);
    if (!declaration) {
      const typed = this.undeclared(node, name);
      return { type: error, typed };
    }
    const logical = name === '_&&_' || name === '_||_';
    const found = logical ? this.logical(declaration, args) : this.matching(declaration, args, member);
    if (!found) {
      if (!logical) this.issue(node, this.noMatch(declaration.name, args, member));
      const all = declaration.overloads;
      return { type: error, typed: { kind: 'call', function: name, args, overloads: [], all, type: error, node } };
    }
    const { type, overloads } = found;
    const typed: Typed = { kind: 'call', function: name, args, overloads, all: declaration.overloads, type, node };
    return { type, typed };
  }

  private noMatch(name: string, args: readonly Typed[], member: boolean): string {
    const texts = args.map(({ type }) => formatType(this.substitution.apply(type, true)));
    const shown = member ? `${texts[0]}.(${texts.slice(1).join(', ')})` : `(${texts.join(', ')})`;
    return `found no matching overload for '${name}' applied to '${shown}'`;
  }

  private logical(declaration: FunctionDeclaration, args: readonly Typed[]): Matched | undefined {
    let fits = true;
    for (const argument of args) {
      if (this.substitution.assignable(argument.type, bool)) continue;
      fits = false;
      this.issue(argument.node, `expected type 'bool' but found '${formatType(argument.type)}'`);
    }
    return fits ? { type: bool, overloads: declaration.overloads } : undefined;
  }

  private matching(declaration: FunctionDeclaration, args: readonly Typed[], member: boolean): Matched | undefined {
    const types = args.map(({ type }) => type);
    const overloads: Overload[] = [];
    let type: CelType | undefined;
    for (const overload of declaration.overloads) {
      if (overload.member !== member || overload.parameters.length !== types.length) continue;
      if (overload.mixed && !this.mixed) continue;
      const { parameters, result } = this.instantiate(overload);
      if (!this.substitution.assignableAll(types, parameters)) continue;
      overloads.push(overload);
      const found = this.substitution.apply(result);
      if (!type) type = found;
      else if (type.kind !== 'dyn' && !sameType(found, type)) type = any;
    }
    return type && { type, overloads };
  }

  private instantiate(overload: Overload): { parameters: readonly CelType[]; result: CelType } {
    if (overload.generic.length === 0) return overload;
    const fresh = new Map(overload.generic.map((name) => [name, this.substitution.fresh()]));
    return {
      parameters: overload.parameters.map((type) => replaceParameters(type, fresh)),
      result: replaceParameters(overload.result, fresh),
    };
  }

  private list(node: Node & { kind: 'list' }): Typed {
    let joined: CelType | undefined;
    const elements = node.elements.map(({ value, optional = false }) => {
      const typed = this.check(value);
      joined = this.join(joined, this.unwrapped(value, typed.type, optional));
      return { value: typed, optional };
    });
    return { kind: 'list', elements, type: { kind: 'list', element: joined ?? this.substitution.fresh() }, node };
  }

  private map(node: Node & { kind: 'map' }): Typed {
    let keyType: CelType | undefined;
    let valueType: CelType | undefined;
    const entries = node.entries.map(({ key, value, optional = false }) => {
      const typedKey = this.check(key);
      keyType = this.join(keyType, typedKey.type);
      const typedValue = this.check(value);
      valueType = this.join(valueType, this.unwrapped(value, typedValue.type, optional));
      return { key: typedKey, value: typedValue, optional };
    });
    const type: CelType = {
      kind: 'map',
      key: keyType ?? this.substitution.fresh(),
      value: valueType ?? this.substitution.fresh(),
    };
    return { kind: 'map', entries, type, node };
  }

  private unwrapped(at: Node, type: CelType, optional: boolean): CelType {
    if (!optional) return type;
    const found = this.substitution.apply(type);
    if (found.kind === 'optional') return found.value;
    if (found.kind !== 'dyn') {
      const text = formatType(found);
      this.issue(at, `expected type 'optional_type(${text})' but found '${text}'`);
    }
    return found;
  }

  private join(before: CelType | undefined, type: CelType): CelType {
    if (!before) return type;
    if (!this.substitution.assignable(before, type)) return any;
    // As specified, null takes the type beside it; cel-go gives the list the type of null.
    if (this.environment.kind === 'standard' && type.kind === 'null') return before;
    return mostGeneral(before, type);
  }

  private template(node: Node & { kind: 'template' }): Typed {
    const parts = node.parts.map((part) => {
      if (typeof part === 'string') return part;
      const typed = this.check(part);
      const type = this.substitution.apply(typed.type);
      if (node.parts.length > 1 && type.kind !== 'string' && !isDynamic(type) && type.kind !== 'parameter') {
        this.issue(part, `found no matching overload for '_+_' applied to '(string, ${formatType(type)})'`);
      }
      return typed;
    });
    return { kind: 'template', parts, type: { kind: 'string' }, node };
  }
}

interface Matched {
  readonly type: CelType;
  readonly overloads: readonly Overload[];
}
