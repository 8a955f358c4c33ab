import type { Node } from './ast.ts';
import {
  binary,
  chain,
  type Combinator,
  conversion,
  entriesMacro,
  global,
  indexedMacro,
  macro,
  method,
  misuse,
  only,
  optionalChain,
} from './combine.ts';
import { call, index, literal, toNode } from './nodes.ts';

/** Combinators that are a CEL method of the same name, by what they are methods of. */
const methods = {
  text: 'contains startsWith endsWith matches find findAll replace split substring charAt trim',
  textOrList: 'indexOf lastIndexOf reverse',
  list: 'join slice flatten sort isSorted distinct sum min max first last unwrapOpt',
  optional: 'value',
  time: 'getFullYear getMonth getDate getDayOfMonth getDayOfWeek getDayOfYear getHours getMinutes getSeconds getMilliseconds',
  quantity: 'isGreaterThan isLessThan compareTo add sub asInteger asApproximateFloat isInteger',
  semver: 'major minor patch',
  ip: 'family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast',
  cidr: 'containsIP containsCIDR ip prefixLength masked',
  url: 'getScheme getHost getHostname getPort getEscapedPath getQuery',
};
const methodNames = Object.values(methods).flatMap((names) => names.split(' '));

/** Every combinator by its name: what `ref.name(args)` and `Cel.name(ref, args)` build. */
export const combinators: Readonly<Record<string, Combinator>> = Object.freeze({
  __proto__: null as never,
  ...Object.fromEntries(methodNames.map((name) => [name, method(name)])),
  eq: binary('_==_'),
  ne: binary('_!=_'),
  gt: binary('_>_'),
  gte: binary('_>=_'),
  lt: binary('_<_'),
  lte: binary('_<=_'),
  plus: binary('_+_'),
  minus: binary('_-_'),
  times: binary('_*_'),
  dividedBy: binary('_/_'),
  mod: binary('_%_'),
  negate: conversion('-_'),
  in: binary('@in'),
  and: chain('_&&_'),
  or: chain('_||_'),
  not: conversion('!_'),
  choose: (operand, args) => {
    if (args.length !== 2) throw misuse('choose', 'takes two values: for true and for false');
    return call('_?_:_', [operand, toNode(args[0]), toNode(args[1])]);
  },
  orElse: (operand, args) => call('orValue', [toNode(only(args, 'orElse'))], optionalChain(operand)),
  orOptional: method('or'),
  exists: (operand, args) =>
    args.length === 0 ? call('hasValue', [], optionalChain(operand)) : indexedMacro('exists')(operand, args),
  optMap: macro('optMap', 'present'),
  optFlatMap: macro('optFlatMap', 'present'),
  size: conversion('size'),
  at: (operand, args) => index(operand, toNode(only(args, 'at'))),
  map: macro('map'),
  filter: macro('filter'),
  all: indexedMacro('all'),
  existsOne: indexedMacro('exists_one', 'existsOne'),
  sortBy: macro('sortBy'),
  transformList: entriesMacro('transformList', ['index', 'item']),
  setAt: global('lists.setAtIndex'),
  insertAt: global('lists.insertAtIndex'),
  removeAt: global('lists.removeAtIndex'),
  lower: method('lowerAscii'),
  upper: method('upperAscii'),
  quote: global('strings.quote'),
  sign: conversion('sign'),
  toText: conversion('string'),
  toInt: conversion('int'),
  toDouble: conversion('double'),
});

/** `list[0]` as a tree. */
export function element(operand: Node, position: number): Node {
  return index(operand, literal(position));
}
