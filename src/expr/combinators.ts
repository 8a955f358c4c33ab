import { KubewrightError } from '../errors.ts';
import type { Macro, Node } from './ast.ts';
import { call, handleNode, index, literal, toNode } from './nodes.ts';
import { makeRef } from './ref.ts';

type Combinator = (operand: Node, args: readonly unknown[]) => Node;

const binary =
  (operator: string): Combinator =>
  (operand, args) =>
    call(operator, [operand, toNode(only(args, operator))]);

const method =
  (name: string): Combinator =>
  (operand, args) =>
    call(name, args.filter((arg) => arg !== undefined).map(toNode), operand);

const conversion =
  (name: string): Combinator =>
  (operand) =>
    call(name, [operand]);

const chain =
  (operator: string): Combinator =>
  (operand, args) =>
    args.reduce<Node>((left, right) => call(operator, [left, toNode(right)]), operand);

const macro =
  (name: Macro): Combinator =>
  (operand, args) => {
    const body = only(args, name);
    if (typeof body !== 'function') throw misuse(name, 'takes a function of the item');
    const variable = handleNode({ variable: 'item' });
    return Object.freeze({ kind: 'comprehension', macro: name, range: operand, variables: [variable], body: toNode(body(makeRef(variable))) });
  };

/** Every combinator by its name: what `ref.name(args)` and `Cel.name(ref, args)` build. */
export const combinators: Readonly<Record<string, Combinator>> = Object.freeze({
  __proto__: null as never,
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
  in: binary('@in'),
  and: chain('_&&_'),
  or: chain('_||_'),
  not: (operand) => call('!_', [operand]),
  choose: (operand, args) => {
    if (args.length !== 2) throw misuse('choose', 'takes two values: for true and for false');
    return call('_?_:_', [operand, toNode(args[0]), toNode(args[1])]);
  },
  orElse: (operand, args) => call('orValue', [toNode(only(args, 'orElse'))], optionalChain(operand)),
  exists: (operand, args) => (args.length === 0 ? call('hasValue', [], optionalChain(operand)) : macro('exists')(operand, args)),
  size: conversion('size'),
  at: (operand, args) => index(operand, toNode(only(args, 'at'))),
  map: macro('map'),
  filter: macro('filter'),
  all: macro('all'),
  existsOne: macro('exists_one'),
  contains: method('contains'),
  startsWith: method('startsWith'),
  endsWith: method('endsWith'),
  matches: method('matches'),
  lower: method('lowerAscii'),
  upper: method('upperAscii'),
  trim: method('trim'),
  replace: method('replace'),
  split: method('split'),
  substring: method('substring'),
  indexOf: method('indexOf'),
  join: method('join'),
  toText: conversion('string'),
  toInt: conversion('int'),
  toDouble: conversion('double'),
});

/** Makes every access of a path optional, but for `spec` and `metadata`, which every object has. */
function optionalChain(node: Node): Node {
  if (node.kind === 'select') {
    const rooted = node.operand.kind === 'identifier' || node.operand.kind === 'handle';
    if (rooted && (node.field === 'spec' || node.field === 'metadata')) return node;
    return Object.freeze({ ...node, operand: optionalChain(node.operand), optional: true });
  }
  if (node.kind === 'index') return Object.freeze({ ...node, operand: optionalChain(node.operand), optional: true });
  return node;
}

function only(args: readonly unknown[], name: string): unknown {
  if (args.length !== 1) throw misuse(name, `takes one argument and was given ${args.length}`);
  return args[0];
}

function misuse(name: string, message: string): KubewrightError {
  return new KubewrightError({ code: 'WrongArguments', path: `.${name}()`, message });
}

/** `list[0]` as a tree. */
export function element(operand: Node, position: number): Node {
  return index(operand, literal(position));
}
