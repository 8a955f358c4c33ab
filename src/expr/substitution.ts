import type { CelType } from './types.ts';

const anyType: CelType = { kind: 'dyn' };

/** What the type parameters of one check stand for. Failed attempts are undone by going back to a mark. */
export class Substitution {
  private readonly bound = new Map<string, CelType>();
  private readonly trail: { readonly name: string; readonly before: CelType | undefined }[] = [];
  private counter = 0;

  fresh(): CelType {
    return { kind: 'parameter', name: `_var${this.counter++}` };
  }

  /** Whether a value of `actual` may stand where `expected` is wanted; learns about type parameters when it may. */
  assignable(expected: CelType, actual: CelType): boolean {
    const mark = this.trail.length;
    if (this.unify(expected, actual)) return true;
    this.undo(mark);
    return false;
  }

  assignableAll(expected: readonly CelType[], actual: readonly CelType[]): boolean {
    if (expected.length !== actual.length) return false;
    const mark = this.trail.length;
    for (let index = 0; index < expected.length; index++) {
      if (!this.unify(expected[index] as CelType, actual[index] as CelType)) {
        this.undo(mark);
        return false;
      }
    }
    return true;
  }

  /** The type with its parameters replaced; unknown ones stay, or become dyn when `final`. */
  apply(type: CelType, final = false): CelType {
    switch (type.kind) {
      case 'parameter': {
        const found = this.bound.get(type.name);
        if (found) return this.apply(found, final);
        return final ? anyType : type;
      }
      case 'list': {
        const element = this.apply(type.element, final);
        return element === type.element ? type : { kind: 'list', element };
      }
      case 'map': {
        const key = this.apply(type.key, final);
        const value = this.apply(type.value, final);
        return key === type.key && value === type.value ? type : { kind: 'map', key, value };
      }
      case 'optional': {
        const value = this.apply(type.value, final);
        return value === type.value ? type : { kind: 'optional', value };
      }
      case 'type':
        return type.value ? { kind: 'type', value: this.apply(type.value, final) } : type;
      case 'opaque':
        return type.parameters
          ? { ...type, parameters: type.parameters.map((parameter) => this.apply(parameter, final)) }
          : type;
      default:
        return type;
    }
  }

  private bind(name: string, type: CelType): void {
    this.trail.push({ name, before: this.bound.get(name) });
    this.bound.set(name, type);
  }

  private undo(mark: number): void {
    while (this.trail.length > mark) {
      const { name, before } = this.trail.pop() as { name: string; before: CelType | undefined };
      if (before) this.bound.set(name, before);
      else this.bound.delete(name);
    }
  }

  private unify(left: CelType, right: CelType): boolean {
    if (left === right) return true;
    if (right.kind === 'parameter') {
      const result = this.bindParameter(left, right);
      if (result === 'valid') return true;
      if (result === 'bound') return false;
    }
    if (left.kind === 'parameter') return this.bindParameter(right, left) === 'valid';
    if (isDynamic(left) || isDynamic(right)) return true;
    if (left.kind === 'null') return nullable(right);
    if (right.kind === 'null') return nullable(left);
    if (left.kind !== right.kind) return false;
    switch (left.kind) {
      case 'list':
        return right.kind === 'list' && this.unify(left.element, right.element);
      case 'map':
        return right.kind === 'map' && this.unify(left.key, right.key) && this.unify(left.value, right.value);
      case 'optional':
        return right.kind === 'optional' && this.unify(left.value, right.value);
      case 'opaque':
        return (
          right.kind === 'opaque' && left.name === right.name && this.unifyParameters(left.parameters, right.parameters)
        );
      case 'struct':
        return right.kind === 'struct' && left.name === right.name;
      default:
        return true;
    }
  }

  private unifyParameters(left: readonly CelType[] = [], right: readonly CelType[] = []): boolean {
    return (
      left.length === right.length && left.every((parameter, index) => this.unify(parameter, right[index] as CelType))
    );
  }

  /** Tries to let `parameter` stand for `type`; `bound` when it stands for something else already. */
  private bindParameter(type: CelType, parameter: CelType & { kind: 'parameter' }): 'valid' | 'bound' | 'free' {
    if (type.kind === 'parameter' && type.name === parameter.name) return 'valid';
    const known = this.bound.get(parameter.name);
    if (known) {
      if (sameType(type, known)) return 'valid';
      if (!this.unify(type, known)) return 'bound';
      const general = mostGeneral(type, known);
      if (general !== known && !this.occurs(parameter, general)) this.bind(parameter.name, general);
      return 'valid';
    }
    if (this.occurs(parameter, type)) return 'free';
    this.bind(parameter.name, type);
    return 'valid';
  }

  private occurs(parameter: CelType & { kind: 'parameter' }, within: CelType): boolean {
    switch (within.kind) {
      case 'parameter': {
        if (within.name === parameter.name) return true;
        const known = this.bound.get(within.name);
        return known !== undefined && this.occurs(parameter, known);
      }
      case 'list':
        return this.occurs(parameter, within.element);
      case 'map':
        return this.occurs(parameter, within.key) || this.occurs(parameter, within.value);
      case 'optional':
        return this.occurs(parameter, within.value);
      case 'type':
        return within.value !== undefined && this.occurs(parameter, within.value);
      case 'opaque':
        return (within.parameters ?? []).some((inner) => this.occurs(parameter, inner));
      default:
        return false;
    }
  }
}

export function isDynamic(type: CelType): boolean {
  return type.kind === 'dyn' || type.kind === 'error';
}

function nullable(type: CelType): boolean {
  switch (type.kind) {
    case 'null':
    case 'optional':
    case 'opaque':
    case 'struct':
    case 'timestamp':
    case 'duration':
      return true;
    default:
      return false;
  }
}

export function sameType(left: CelType, right: CelType): boolean {
  if (left === right) return true;
  if (left.kind !== right.kind) return false;
  switch (left.kind) {
    case 'list':
      return right.kind === 'list' && sameType(left.element, right.element);
    case 'map':
      return right.kind === 'map' && sameType(left.key, right.key) && sameType(left.value, right.value);
    case 'optional':
      return right.kind === 'optional' && sameType(left.value, right.value);
    case 'type':
      return (
        right.kind === 'type' &&
        (left.value && right.value ? sameType(left.value, right.value) : left.value === right.value)
      );
    case 'opaque':
      return right.kind === 'opaque' && left.name === right.name && sameParameters(left.parameters, right.parameters);
    case 'struct':
      return right.kind === 'struct' && left.name === right.name;
    case 'parameter':
      return right.kind === 'parameter' && left.name === right.name;
    default:
      return true;
  }
}

function sameParameters(left: readonly CelType[] = [], right: readonly CelType[] = []): boolean {
  return left.length === right.length && left.every((parameter, index) => sameType(parameter, right[index] as CelType));
}

/** The first type when it accepts at least what the second does. */
export function mostGeneral(left: CelType, right: CelType): CelType {
  return isLessSpecific(left, right) ? left : right;
}

function isLessSpecific(left: CelType, right: CelType): boolean {
  if (left.kind === 'dyn' || left.kind === 'parameter') return true;
  if (right.kind === 'dyn' || right.kind === 'parameter') return false;
  if (left.kind !== right.kind) return false;
  switch (left.kind) {
    case 'list':
      return right.kind === 'list' && isLessSpecific(left.element, right.element);
    case 'map':
      return right.kind === 'map' && isLessSpecific(left.key, right.key) && isLessSpecific(left.value, right.value);
    case 'optional':
      return right.kind === 'optional' && isLessSpecific(left.value, right.value);
    case 'type':
      return true;
    default:
      return sameType(left, right);
  }
}

/** A declared type with its own parameters replaced. */
export function replaceParameters(type: CelType, by: ReadonlyMap<string, CelType>): CelType {
  switch (type.kind) {
    case 'parameter':
      return by.get(type.name) ?? type;
    case 'list':
      return { kind: 'list', element: replaceParameters(type.element, by) };
    case 'map':
      return { kind: 'map', key: replaceParameters(type.key, by), value: replaceParameters(type.value, by) };
    case 'optional':
      return { kind: 'optional', value: replaceParameters(type.value, by) };
    case 'type':
      return type.value ? { kind: 'type', value: replaceParameters(type.value, by) } : type;
    case 'opaque':
      return type.parameters
        ? { ...type, parameters: type.parameters.map((each) => replaceParameters(each, by)) }
        : type;
    default:
      return type;
  }
}
