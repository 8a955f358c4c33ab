import type { KubernetesObject } from '../cluster/cluster.ts';
import { groupKind } from './identity.ts';

/** Replaces what is in Secrets by `(secret)`. */
export type Mask = (text: string) => string;

const shown = '(secret)';
/** Shorter values are words of their own, or they would be found everywhere. */
const distinct = 4;
/** Shorter values are words of ours, such as `true` and `main`, more often than a secret. */
const unmistakable = 8;
const [longest, groupLength] = [1_000, 50_000];

/** What the Secrets that a run has seen contain, to hide it wherever somebody repeats it. */
export class SecretValues {
  readonly #values = new Set<string>();
  /** Names are no secrets, whatever repeats them. */
  readonly #names = new Set<string>();
  #all: Mask | undefined;
  #unmistakable: Mask | undefined;

  constructor(names: readonly string[]) {
    this.learnNames(names);
  }

  learnNames(names: readonly string[]): void {
    for (const name of names) this.#names.add(name);
  }

  /** Takes note of an object's name, and of its values when it is a Secret. */
  learn(object: KubernetesObject): void {
    const { name, namespace } = object.metadata;
    this.#names.add(name);
    if (namespace !== undefined) this.#names.add(namespace);
    if (groupKind(object) !== 'Secret') return;
    const before = this.#values.size;
    for (const value of valuesOf(object)) this.#values.add(value);
    if (this.#values.size === before) return;
    this.#all = undefined;
    this.#unmistakable = undefined;
  }

  /** Hides all values in a text that somebody else wrote, such as a log. */
  readonly hide: Mask = (text) => {
    this.#all ??= this.#maskFor(1);
    return this.#all(text);
  };

  /** Hides values in a text that has words of ours too. */
  readonly hideIn: Mask = (text) => {
    this.#unmistakable ??= this.#maskFor(unmistakable);
    return this.#unmistakable(text);
  };

  /** The same in all texts of a value. */
  readonly hideInAll = (value: unknown): unknown => maskDeep(value, this.hideIn);

  /** The same in an error, its causes and its problems, which stay the objects that they are. */
  readonly hideInError = <E>(error: E): E => {
    if (!(error instanceof Error)) return error;
    const shape = error as { -readonly [key in 'message' | 'stack' | 'hint' | 'details' | 'problems']?: unknown };
    for (const key of ['message', 'stack', 'hint', 'details'] as const)
      if (shape[key] !== undefined) shape[key] = this.hideInAll(shape[key]);
    this.hideInError(error.cause);
    if (Array.isArray(shape.problems)) for (const problem of shape.problems) this.hideInError(problem);
    return error;
  };

  #maskFor(shortest: number): Mask {
    const values = [...this.#values].filter((value) => value.length >= shortest && !this.#names.has(value));
    if (values.length === 0) return (text) => text;
    // The longest first: one value may be the beginning of another one.
    values.sort((left, right) => right.length - left.length);
    const patterns = inGroups(values).map((group) => new RegExp(group.map(pattern).join('|'), 'g'));
    const long = values.filter((value) => value.length > longest);
    const mask: Mask = (text) => patterns.reduce((hidden, each) => hidden.replaceAll(each, shown), text);
    return (text) => mask(long.reduce((hidden, value) => hidden.replaceAll(value, shown), text));
  }
}

/** Values that a regular expression can hold, as many in one as it can: engines refuse large ones. */
function inGroups(values: readonly string[]): readonly (readonly string[])[] {
  const groups: string[][] = [];
  let room = 0;
  for (const value of values) {
    if (value.length > longest) continue;
    room -= value.length;
    if (room < 0) {
      groups.push([]);
      room = groupLength - value.length;
    }
    groups.at(-1)?.push(value);
  }
  return groups;
}

/** Each value in base64 and as text, the lines of a text, as logs show them, and how errors and URLs write them. */
function valuesOf(object: KubernetesObject): readonly string[] {
  const encoded = Object.values((object['data'] ?? {}) as Readonly<Record<string, string>>);
  const texts = encoded.map((value) => Buffer.from(value, 'base64').toString());
  const lines = texts.flatMap((text) => text.split('\n').map((line) => line.trim()));
  const plain = [...texts, ...lines.filter((line) => line.length >= unmistakable)];
  return [...encoded, ...plain.flatMap(writings)].filter(Boolean);
}

/** A text as it is, quoted, quoted by Go, and in a URL. */
function writings(text: string): readonly string[] {
  if (/^[\w.-]*$/.test(text)) return [text];
  const quoted = JSON.stringify(text).slice(1, -1);
  const byGo = quoted.replaceAll(/[<>&]/g, (each) => `\\u00${each.charCodeAt(0).toString(16)}`);
  return [text, quoted, byGo, encodeURIComponent(text.toWellFormed())];
}

function pattern(value: string): string {
  const escaped = value.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  return value.length >= distinct ? escaped : `(?<![\\w-])${escaped}(?![\\w-])`;
}

/** A mask in all texts of a value. */
export function maskDeep(value: unknown, mask: Mask): unknown {
  if (typeof value === 'string') return mask(value);
  if (Array.isArray(value)) return value.map((item) => maskDeep(item, mask));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, maskDeep(item, mask)]));
}
