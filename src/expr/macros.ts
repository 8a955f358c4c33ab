import type { ComprehensionNode, Macro, MapNode, Node } from './ast.ts';

/** A macro was recognised, but its arguments do not fit. */
export class MacroError extends Error {
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

/** A macro's node, and how many nodes cel-go's expansion of it would add (they count for its limit). */
export interface Expansion {
  readonly node: Node;
  readonly cost: number;
}

export interface ReceiverCall {
  readonly name: string;
  readonly target: Node;
  readonly args: readonly Node[];
  readonly position: number;
}

type Expand = (call: ReceiverCall) => Expansion | undefined;

/** Receiver macros by name and number of arguments. */
const receivers: ReadonlyMap<string, Expand> = new Map<string, Expand>([
  // kro has existsOne with two variables only.
  ...(['all', 'exists', 'exists_one', 'filter'] as const).map((macro): [string, Expand] => [
    `${macro}/2`,
    (call) => oneVariable(macro, call),
  ]),
  ...(['all', 'exists', 'exists_one', 'existsOne'] as const).map((macro): [string, Expand] => [
    `${macro}/3`,
    (call) => twoVariables(macro, call),
  ]),
  ['map/2', (call) => oneVariable('map', call)],
  ['map/3', (call) => oneVariable('map', call)],
  ['sortBy/2', sortBy],
  ...(['transformList', 'transformMap', 'transformMapEntry'] as const).flatMap((macro): [string, Expand][] => [
    [`${macro}/3`, (call) => twoVariables(macro, call)],
    [`${macro}/4`, (call) => twoVariables(macro, call)],
  ]),
  ['optMap/2', (call) => onOptional('optMap', call)],
  ['optFlatMap/2', (call) => onOptional('optFlatMap', call)],
  ['bind/3', bind],
  ['newCondition/1', newCondition],
]);

export function expandReceiver(call: ReceiverCall): Expansion | undefined {
  return receivers.get(`${call.name}/${call.args.length}`)?.(call);
}

export function expandGlobal(call: Omit<ReceiverCall, 'target'>): Expansion | undefined {
  const [argument] = call.args;
  if (call.name !== 'has' || call.args.length !== 1 || !argument) return undefined;
  // A test is a selection for cel-go.
  if (argument.kind === 'has') return { node: argument, cost: 1 };
  if (argument.kind !== 'select' || argument.optional)
    throw new MacroError('invalid argument to has() macro', positionOf(argument, call));
  const { operand, field } = argument;
  return { node: { kind: 'has', operand, field, position: call.position }, cost: 1 };
}

function oneVariable(macro: Macro, call: ReceiverCall): Expansion {
  const { target, args, position } = call;
  const variable = simpleName(args[0], call, 'argument must be a simple name');
  const body = args[args.length - 1] as Node;
  const filter = args.length === 3 ? args[1] : undefined;
  return {
    node: comprehension({ macro, range: target, variables: [variable], body, position }, filter),
    cost: macro === 'map' || macro === 'filter' ? 10 : 8,
  };
}

function twoVariables(macro: Macro, call: ReceiverCall): Expansion {
  const { target, args, position } = call;
  const first = simpleName(args[0], call, 'argument must be a simple name');
  const second = simpleName(args[1], call, 'argument must be a simple name');
  if (first === second) throw new MacroError(`duplicate variable name: ${first}`, positionOf(args[1], call));
  const body = args[args.length - 1] as Node;
  const filter = args.length === 4 ? args[2] : undefined;
  return {
    node: comprehension({ macro, range: target, variables: [first, second], body, position }, filter),
    cost: 10,
  };
}

function comprehension(parts: Omit<ComprehensionNode, 'kind' | 'filter'>, filter: Node | undefined): Node {
  return filter ? { kind: 'comprehension', ...parts, filter } : { kind: 'comprehension', ...parts };
}

function sortBy(call: ReceiverCall): Expansion {
  const { kind } = call.target;
  if (kind === 'literal' || kind === 'map' || kind === 'message') {
    const reason = 'sortBy can only be applied to a list, identifier, comprehension, call or select expression';
    throw new MacroError(reason, positionOf(call.target, call));
  }
  const { node, cost } = oneVariable('sortBy', call);
  return { node, cost: cost + 8 };
}

function onOptional(macro: 'optMap' | 'optFlatMap', call: ReceiverCall): Expansion {
  const { target, args, position } = call;
  const variable = simpleName(args[0], call, `${macro}() variable name must be a simple identifier`);
  const body = args[1] as Node;
  return { node: { kind: 'comprehension', macro, range: target, variables: [variable], body, position }, cost: 12 };
}

function bind(call: ReceiverCall): Expansion | undefined {
  if (call.target.kind !== 'identifier' || call.target.name !== 'cel') return undefined;
  const variable = simpleName(call.args[0], call, 'cel.bind() variable names must be simple identifiers');
  const [, init, body] = call.args as [Node, Node, Node];
  return { node: { kind: 'bind', variable, init, body, position: call.position }, cost: 4 };
}

const conditionKeys: ReadonlySet<string> = new Set(['type', 'status', 'reason', 'message']);

/** kro's `runtime.newCondition({type: …})`: the bare keys are names, not variables. */
function newCondition(call: ReceiverCall): Expansion | undefined {
  if (call.target.kind !== 'identifier' || call.target.name !== 'runtime') return undefined;
  const argument = call.args[0] as Node;
  const fail = (reason: string, at: Node): never => {
    throw new MacroError(`runtime.newCondition: ${reason}`, positionOf(at, call));
  };
  if (argument.kind !== 'map') return fail('argument must be a map literal', argument);
  const seen = new Set<string>();
  const entries: MapNode['entries'][number][] = [];
  for (const { key, value } of argument.entries) {
    if (key.kind !== 'identifier') {
      return fail(
        'keys must be bare identifiers (type, status, reason, message); quoted or computed keys are not allowed',
        key,
      );
    }
    if (!conditionKeys.has(key.name)) fail(`unknown key "${key.name}" (allowed: type, status, reason, message)`, key);
    if (seen.has(key.name)) fail(`duplicate key "${key.name}"`, key);
    seen.add(key.name);
    entries.push({ key: { ...key, kind: 'literal', type: 'string', value: key.name }, value });
  }
  for (const name of ['type', 'status']) if (!seen.has(name)) fail(`'${name}' is required`, argument);
  const map: Node = { ...argument, entries };
  return {
    node: { kind: 'call', function: 'newCondition', target: call.target, args: [map], position: call.position },
    cost: entries.length + 2,
  };
}

function simpleName(node: Node | undefined, call: ReceiverCall, reason: string): string {
  if (node?.kind !== 'identifier' || node.name.startsWith('.')) throw new MacroError(reason, positionOf(node, call));
  if (node.name === '__result__' || node.name === '@result') {
    throw new MacroError('iteration variable overwrites accumulator variable', positionOf(node, call));
  }
  return node.name;
}

function positionOf(node: Node | undefined, call: { readonly position: number }): number {
  return node?.position ?? call.position;
}
