import type { CelType } from '../types.ts';
import {
  addSizes,
  bounded,
  fixed,
  largest,
  multiplySizes,
  scaled,
  type Size,
  times,
  unionOf,
  unknownSize,
} from './size.ts';
import type { CostNode } from './tree.ts';

/** The receiver or an argument of a call. */
export interface Operand {
  readonly type: CelType;
  /** The way to it from a variable; empty for what an expression made. */
  readonly path: readonly string[];
  readonly node?: CostNode;
  /** What is known of its size without asking for its path. */
  readonly size: Size | undefined;
}

export interface Call {
  readonly function: string;
  readonly target: Operand | undefined;
  readonly args: readonly Operand[];
  /** Types of the parameters of one overload, with the receiver first. */
  readonly overload: readonly CelType[];
  /** What is known of the size of something by its path. */
  readonly sizeAt: (path: readonly string[]) => Size | undefined;
}

/** What a call costs at most beyond its arguments, and how large its result is. */
export interface Estimate {
  readonly cost: number;
  readonly size?: Size | undefined;
}

const perCharacter = 0.1;
const perPatternCharacter = 0.25;
const listBase = 10;

type Estimator = (call: Call) => Estimate | undefined;

function sizeOf({ sizeAt }: Pick<Call, 'sizeAt'>, operand: Operand | undefined): Size {
  return operand ? (operand.size ?? sizeAt(operand.path) ?? unknownSize) : unknownSize;
}

/** Items of a list, where its type tells that it is one. */
function itemsOf(list: Operand): Operand | undefined {
  const { type, path } = list;
  const inner = type.kind === 'list' ? type.element : type.kind === 'map' ? type.key : undefined;
  return inner && { type: inner, path: path.length > 0 ? [...path, '@items'] : [], size: undefined };
}

const isText = ({ kind }: CelType): boolean => kind === 'string' || kind === 'bytes';
const nominal: Estimator = () => ({ cost: 1 });

/** As long as a text is read. */
const scan =
  (times: number, keeps = false): Estimator =>
  (call) => {
    const size = sizeOf(call, call.args[0]);
    return { cost: scaled(size.max, times * perCharacter), size: keeps ? size : undefined };
  };

const scanTarget: Estimator = (call) => {
  const size = sizeOf(call, call.target);
  return { cost: scaled(size.max, perCharacter), size };
};

const traverse: Estimator = (call) => {
  const { target } = call;
  if (!target) return undefined;
  const items = itemsOf(target);
  const { max } = sizeOf(call, target);
  if (!items) return { cost: scaled(max, perCharacter) };
  const each = isText(items.type) ? scaled(sizeOf(call, items).max, perCharacter) : 0;
  return { cost: times(max, bounded(1 + each)) };
};

const replace: Estimator = (call) => {
  const [size, old, by] = [sizeOf(call, call.target), sizeOf(call, call.args[0]), sizeOf(call, call.args[1])];
  const count = { min: 0, max: 0 };
  const kept = { min: 0, max: 0 };
  if (old.min === 0) [count.max, kept.max] = [bounded(size.max + 1), size.max];
  else if (by.max <= old.min) kept.max = size.max;
  else count.max = Math.ceil(size.max / old.min);
  if (old.max === 0) [count.min, kept.min] = [bounded(size.min + 1), size.min];
  else if (old.max <= by.min) kept.min = size.min;
  else count.min = Math.ceil(size.min / old.max);
  return { cost: scaled(size.max, 2 * perCharacter), size: addSizes(multiplySizes(count, by), kept) };
};

const split: Estimator = (call) => {
  const { max } = sizeOf(call, call.target);
  const limit = literalInt(call.args[1]);
  const most = limit === undefined ? max : limit < 0 ? largest : limit;
  return { cost: scaled(max, 2 * perCharacter), size: { min: 0, max: most } };
};

function literalInt(operand: Operand | undefined): number | undefined {
  const node = operand?.node;
  return node?.kind === 'literal' && node.literal.type === 'int' ? Number(node.literal.value) : undefined;
}

const join: Estimator = (call) => {
  const { target, args } = call;
  const list = sizeOf(call, target);
  const items = target && itemsOf(target);
  let size = items ? multiplySizes(list, sizeOf(call, items)) : fixed(0);
  if (args.length > 0) {
    const separators = { min: Math.max(list.min - 1, 0), max: Math.max(list.max - 1, 0) };
    size = addSizes(size, multiplySizes(sizeOf(call, args[0]), separators));
  }
  return { cost: scaled(size.max, perCharacter), size };
};

function patternCost(call: Call, text: Operand | undefined, pattern: Operand | undefined): number {
  const read = scaled(bounded(sizeOf(call, text).max + 1), perCharacter);
  return times(read, scaled(sizeOf(call, pattern).max, perPatternCharacter));
}

const find: Estimator = (call) => ({
  cost: patternCost(call, call.target, call.args[0]),
  size: { min: 0, max: sizeOf(call, call.target).max },
});

/** Addresses have up to 16 bytes; a text is read first. */
const within =
  (base: number): Estimator =>
  (call) => {
    const isRead = call.overload[1]?.kind === 'string';
    return { cost: base + (isRead ? scaled(sizeOf(call, call.args[0]).max, perCharacter) : 0) };
  };

const validate: Estimator = (call) => {
  const longestPattern = 128;
  const read = scaled(sizeOf(call, call.args[0]).max, perCharacter);
  return { cost: scaled(read, longestPattern * perPatternCharacter) };
};

const compareOpaque: Estimator = ({ args }) => {
  const [left, right] = args;
  if (left?.type.kind !== 'opaque' || right?.type.kind !== 'opaque' || left.type.name !== right.type.name)
    return undefined;
  if (left.type.name === 'kubernetes.NamedFormat') return { cost: scaled(64, perCharacter) };
  if (left.type.name === 'kubernetes.URL') return { cost: scaled(right.size?.max ?? 1, perCharacter) };
  return { cost: 1 };
};

const allocated = (cost: number, size: Size): Estimate => ({ cost: bounded(cost + listBase + 1), size });

const sets =
  (factor: number): Estimator =>
  (call) => {
    const both = multiplySizes(sizeOf(call, call.args[0]), sizeOf(call, call.args[1]));
    return { cost: bounded(scaled(both.max, factor) + 1) };
  };

const compareAll = (call: Call, list: Operand | undefined, item: CelType | undefined): Estimate => {
  const size = sizeOf(call, list);
  const squared = multiplySizes(size, size);
  return allocated(scaled(squared.max, item && isText(item) ? 2 + perCharacter : 2), squared);
};

const slice: Estimator = (call) => {
  const whole = sizeOf(call, call.target);
  const start = Math.max(literalInt(call.args[0]) ?? 0, 0);
  const end = Math.max(literalInt(call.args[1]) ?? whole.max, 0);
  const length = end < start ? bounded(end - start + largest) : end - start;
  return allocated(length, fixed(length));
};

const range: Estimator = (call) => {
  const count = Math.max(literalInt(call.args[0]) ?? largest, 0);
  return allocated(count, fixed(count));
};

const flatten: Estimator = (call) => {
  const depth = call.args.length === 0 ? 1 : Math.max(literalInt(call.args[0]) ?? largest, 0);
  const size = sizeOf(call, call.target);
  return allocated(scaled(size.max, depth), size);
};

const reverse: Estimator = (call) => {
  const size = sizeOf(call, call.target);
  return allocated(size.max, size);
};

const elementOf = (type: CelType | undefined): CelType | undefined =>
  type?.kind === 'list' ? type.element : undefined;

/** What Kubernetes and the extensions of CEL say to their functions. */
const extensions: Readonly<Record<string, Estimator>> = {
  ...named(['isSorted', 'sum', 'max', 'min', 'indexOf', 'lastIndexOf'], traverse),
  ...named(['lowerAscii', 'upperAscii', 'substring', 'trim'], scanTarget),
  ...named(['isIP', 'isCIDR', 'cidr', 'quantity', 'isQuantity', 'semver', 'isSemver'], scan(1)),
  ...named(['masked', 'prefixLength', 'family', 'isUnspecified', 'isLoopback', 'isLinkLocalMulticast'], nominal),
  ...named(['isLinkLocalUnicast', 'isGlobalUnicast', 'format.named'], nominal),
  ...named(['find', 'findAll'], find),
  url: scan(1, true),
  ip: (call) => (call.overload[0]?.kind === 'opaque' ? { cost: 1 } : scan(1)(call)),
  'ip.isCanonical': scan(2),
  replace,
  split,
  join,
  containsIP: within(4),
  containsCIDR: within(7),
  validate,
  '_==_': compareOpaque,
  'sets.contains': sets(1),
  'sets.intersects': sets(1),
  'sets.equivalent': sets(2),
  slice,
  'lists.range': range,
  reverse,
  flatten,
  distinct: (call) => compareAll(call, call.target, elementOf(call.target?.type)),
  sort: (call) => compareAll(call, call.target, elementOf(call.overload[0])),
  '@sortByAssociatedKeys': (call) => {
    const key = elementOf(call.overload[1]);
    // Keys without a type may be texts.
    return compareAll(call, call.args[0], key?.kind === 'dyn' ? { kind: 'string' } : key);
  },
};

function named(names: readonly string[], estimator: Estimator): Readonly<Record<string, Estimator>> {
  return Object.fromEntries(names.map((name) => [name, estimator]));
}

const known = (operand: Operand | undefined): Size => operand?.size ?? unknownSize;

const compare: Estimator = ({ args }) => {
  const least = Math.min(known(args[0]).max, known(args[1]).max);
  return { cost: scaled(least, perCharacter) };
};

const ofTexts =
  (estimator: Estimator): Estimator =>
  (call) =>
    call.overload[0] && isText(call.overload[0]) ? estimator(call) : undefined;

/** What CEL itself says to its functions. */
const core: Readonly<Record<string, Estimator>> = {
  ...named(['_<_', '_<=_', '_>_', '_>=_'], ofTexts(compare)),
  '_==_': compare,
  '_!=_': compare,
  format: ({ target }) => ({ cost: scaled(known(target).max, perCharacter) }),
  bytes: ({ overload, args }) => {
    const { min, max } = known(args[0]);
    return overload[0]?.kind === 'string'
      ? { cost: scaled(max, perCharacter), size: { min, max: bounded(max * 4) } }
      : undefined;
  },
  string: ({ overload, args }) => {
    const { min, max } = known(args[0]);
    return overload[0]?.kind === 'bytes'
      ? { cost: scaled(max, perCharacter), size: { min: Math.floor(min / 4), max } }
      : undefined;
  },
  'strings.quote': ({ args }) => {
    const { min, max } = known(args[0]);
    // Of an unknown size the sum overflows to nothing.
    const most = max * 2 + 2;
    return { cost: scaled(max, perCharacter), size: { min: min + 2, max: most < largest ? most : most % largest } };
  },
  ...named(['startsWith', 'endsWith'], ({ args }) => ({ cost: scaled(known(args[0]).max, perCharacter) })),
  '@in': ({ overload, args }) => (overload[1]?.kind === 'list' ? { cost: known(args[1]).max } : undefined),
  matches: (call) => {
    const [text, pattern] = call.target ? [call.target, call.args[0]] : call.args;
    return { cost: patternCost(call, text, pattern) };
  },
  contains: ({ target, args }) => ({
    cost: times(scaled(known(target).max, perCharacter), scaled(known(args[0]).max, perCharacter)),
  }),
  '_+_': ({ overload, args }) => {
    const kind = overload[0]?.kind;
    if (kind !== 'string' && kind !== 'bytes' && kind !== 'list') return undefined;
    const size = addSizes(known(args[0]), known(args[1]));
    return { cost: kind === 'list' ? 1 : scaled(size.max, perCharacter), size };
  },
  '_?_:_': ({ args }) => ({ cost: 0, size: unionOf(known(args[1]), known(args[2])) }),
  '_&&_': () => ({ cost: 0 }),
  '_||_': () => ({ cost: 0 }),
};

/** What a call costs at most, beyond its arguments. */
export function estimateCall(call: Call): Estimate {
  return extensions[call.function]?.(call) ?? core[call.function]?.(call) ?? { cost: 1 };
}
