import type { Node } from '../../expr/ast.ts';
import { kroFunctions } from '../../expr/library/tables.ts';
import { children } from '../../expr/walk.ts';

/** What kro's inspector finds in an expression before types are known (pkg/cel/ast). */
export interface Inspection {
  /** Resources, `schema`, `each` and `runtime`, in the order in which they are named. */
  readonly known: readonly string[];
  readonly unknown: readonly string[];
  readonly unknownFunctions: readonly string[];
  readonly usesOmit: boolean;
}

export function inspect(node: Node, isKnown: (name: string) => boolean): Inspection {
  const inspector = new Inspector(isKnown);
  inspector.visit(node, none);
  const { known, unknown, unknownFunctions, usesOmit } = inspector;
  return { known: [...known], unknown, unknownFunctions, usesOmit };
}

const none: ReadonlySet<string> = new Set();

class Inspector {
  readonly known = new Set<string>();
  readonly unknown: string[] = [];
  readonly unknownFunctions: string[] = [];
  usesOmit = false;
  readonly #isKnown: (name: string) => boolean;

  constructor(isKnown: (name: string) => boolean) {
    this.#isKnown = isKnown;
  }

  visit(node: Node, bound: ReadonlySet<string>): void {
    switch (node.kind) {
      case 'identifier':
        if (bound.has(node.name)) return;
        if (this.#isKnown(node.name)) this.known.add(node.name);
        else this.unknown.push(node.name);
        return;
      case 'call':
        this.#call(node, bound);
        return;
      // In kro the variables are in scope in the range too.
      case 'comprehension':
        this.#all(children(node), withNames(bound, node.variables));
        return;
      case 'bind':
        this.#all(children(node), withNames(bound, [node.variable]));
        return;
      default:
        this.#all(children(node), bound);
    }
  }

  #all(nodes: readonly Node[], bound: ReadonlySet<string>): void {
    for (const node of nodes) this.visit(node, bound);
  }

  #call(node: Node & { kind: 'call' }, bound: ReadonlySet<string>): void {
    this.#all(node.args, bound);
    if (node.target) {
      const prefix = dotted(node.target);
      const isFunction = prefix !== undefined && kroFunctions().get(`${prefix}.${node.function}`) !== undefined;
      if (!isFunction) this.visit(node.target, bound);
      return;
    }
    if (node.function === 'omit') this.usesOmit = true;
    if (!kroFunctions().get(node.function)) this.unknownFunctions.push(node.function);
  }
}

function withNames(bound: ReadonlySet<string>, variables: readonly unknown[]): ReadonlySet<string> {
  return new Set([...bound, ...variables.filter((variable) => typeof variable === 'string')]);
}

function dotted(node: Node): string | undefined {
  if (node.kind === 'identifier') return node.name;
  if (node.kind !== 'select' || node.optional) return undefined;
  const prefix = dotted(node.operand);
  return prefix === undefined ? undefined : `${prefix}.${node.field}`;
}
