import {
  EVENT_ID,
  getScalarValue,
  type Event,
  parseEvents,
  SCALAR_STYLE,
  type ScalarEvent,
  YAMLException,
} from 'js-yaml';
import { KubewrightError } from '../../errors.ts';
import { define } from '../../expr/value.ts';
import { Lines, type Place } from './place.ts';
import { plainScalar } from './scalar.ts';

/** One document of a YAML text, as the JSON that Kubernetes' tools make of it. */
export interface YamlDocument {
  readonly value: unknown;
  readonly place: Place;
  /** Keys that are written twice in one map: the last one counts. */
  readonly repeated: readonly { readonly key: string; readonly line: number }[];
}

export interface YamlText {
  readonly documents: readonly YamlDocument[];
  readonly lines: Lines;
}

/** Nested deeper than this, a text is no manifest. */
const maximumDepth = 500;

/**
 * Reads YAML as sigs.k8s.io/yaml does (and so kubectl): `y n on off yes no` are booleans, as keys too; of two equal keys
 * the last one counts; aliases are expanded within a limit.
 *
 * @param file name of the text in messages
 * @throws KubewrightError `InvalidYaml` with line and column
 */
export function readYaml(text: string, file = 'input'): YamlText {
  const lines = new Lines(text);
  try {
    const reader = new Reader(text, parseEvents(text, { maxDepth: maximumDepth }), lines);
    return { documents: reader.documents(), lines };
  } catch (error) {
    if (error instanceof Refused) throw invalid(file, lines, { message: error.message, offset: error.offset });
    if (error instanceof YAMLException)
      throw invalid(file, lines, { message: error.reason, offset: error.mark?.position ?? 0 });
    if (error instanceof RangeError)
      throw invalid(file, lines, { message: 'the document is nested too deeply', offset: 0 });
    throw error;
  }
}

function invalid(
  file: string,
  lines: Lines,
  { message, offset }: { message: string; offset: number },
): KubewrightError {
  return new KubewrightError({ code: 'InvalidYaml', resource: `${file}:${lines.lineOf(offset)}`, message });
}

class Refused extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

interface Built {
  readonly value: unknown;
  readonly place: Place;
  /** Nodes in it, with aliases expanded. */
  readonly size: number;
}

class Reader {
  readonly #text: string;
  readonly #events: readonly Event[];
  readonly #lines: Lines;
  #at = 0;
  #anchors = new Map<string, Built>();
  #aliased = 0;
  #repeated: { key: string; line: number }[] = [];

  constructor(text: string, events: readonly Event[], lines: Lines) {
    this.#text = text;
    this.#events = events;
    this.#lines = lines;
  }

  documents(): YamlDocument[] {
    const documents: YamlDocument[] = [];
    while (this.#at < this.#events.length) {
      this.#at++;
      this.#anchors = new Map();
      this.#aliased = 0;
      this.#repeated = [];
      let built: Built = { value: null, place: { offset: 0 }, size: 0 };
      while (this.#next().type !== EVENT_ID.POP) built = this.#node();
      this.#at++;
      documents.push({ value: built.value, place: built.place, repeated: this.#repeated });
    }
    return documents;
  }

  #next(): Event {
    return this.#events[this.#at] as Event;
  }

  #node(): Built {
    const event = this.#next();
    this.#at++;
    switch (event.type) {
      case EVENT_ID.ALIAS:
        return this.#alias(this.#text.slice(event.anchorStart, event.anchorEnd), event.anchorStart);
      case EVENT_ID.SCALAR:
        return this.#anchored(event, {
          value: this.#scalar(event),
          place: { offset: Math.max(event.valueStart, 0) },
          size: 1,
        });
      case EVENT_ID.SEQUENCE:
        this.#refuseTag(event, ['seq']);
        return this.#anchored(event, this.#sequence(event.start));
      case EVENT_ID.MAPPING:
        this.#refuseTag(event, ['map']);
        return this.#anchored(event, this.#mapping(event.start));
      default:
        throw new Refused('unexpected end of the document', 0);
    }
  }

  #anchored(event: { anchorStart: number; anchorEnd: number }, built: Built): Built {
    if (event.anchorStart >= 0) this.#anchors.set(this.#text.slice(event.anchorStart, event.anchorEnd), built);
    return built;
  }

  /** An alias shares the value; what it would be when written out is limited, as everything later walks it. */
  #alias(name: string, offset: number): Built {
    const built = this.#anchors.get(name);
    if (!built) throw new Refused(`unknown anchor '${name}' referenced`, offset);
    this.#aliased += built.size;
    if (this.#aliased > 100_000) throw new Refused('document contains excessive aliasing', offset);
    return { ...built, place: { ...built.place, offset } };
  }

  #sequence(offset: number): Built {
    const value: unknown[] = [];
    const items: Place[] = [];
    let size = 1;
    while (this.#next().type !== EVENT_ID.POP) {
      const item = this.#node();
      value.push(item.value);
      items.push(item.place);
      size += item.size;
    }
    this.#at++;
    return { value, place: { offset, items }, size };
  }

  #mapping(offset: number): Built {
    const value: Record<string, unknown> = {};
    const fields = new Map<string, Place>();
    const merged: Built[] = [];
    let size = 1;
    while (this.#next().type !== EVENT_ID.POP) {
      const isMerge = this.#isMergeKey();
      const key = this.#node();
      const built = this.#node();
      size += built.size + 1;
      if (isMerge) {
        merged.push(built);
        continue;
      }
      const name = keyText(key);
      if (fields.has(name)) this.#repeated.push({ key: name, line: this.#lines.lineOf(key.place.offset) });
      define(value, name, built.value);
      fields.set(name, { ...built.place, offset: key.place.offset });
    }
    this.#at++;
    for (const built of merged) merge(built, value, fields);
    return { value, place: { offset, fields }, size };
  }

  #isMergeKey(): boolean {
    const event = this.#next();
    return (
      event.type === EVENT_ID.SCALAR &&
      event.style === SCALAR_STYLE.PLAIN &&
      event.tagStart < 0 &&
      this.#text.slice(event.valueStart, event.valueEnd) === '<<'
    );
  }

  #scalar(event: ScalarEvent): unknown {
    const text = getScalarValue(this.#text, event);
    const tag = this.#refuseTag(event, ['str', 'int', 'float', 'bool', 'null', 'timestamp', 'binary']);
    if (tag === undefined)
      return event.style === SCALAR_STYLE.PLAIN ? finite(plainScalar(text), event.valueStart) : text;
    if (tag === 'str' || tag === 'timestamp') return text;
    if (tag === 'binary') return Buffer.from(text, 'base64').toString('utf8');
    const value = finite(plainScalar(text), event.valueStart);
    const type =
      value === null
        ? 'null'
        : typeof value === 'boolean'
          ? 'bool'
          : typeof value === 'number'
            ? Number.isInteger(value)
              ? 'int'
              : 'float'
            : 'str';
    if (type !== tag && !(tag === 'float' && type === 'int'))
      throw new Refused(`cannot decode !!${type} \`${text.slice(0, 40)}\` as a !!${tag}`, event.tagStart);
    return value;
  }

  /** The short name of a node's tag; tags of languages and applications are refused. */
  #refuseTag(
    { tagStart, tagEnd }: { tagStart: number; tagEnd: number },
    allowed: readonly string[],
  ): string | undefined {
    if (tagStart < 0) return undefined;
    const text = this.#text.slice(tagStart, tagEnd);
    if (text === '!') return 'str';
    const name = /^(?:!!|!<tag:yaml\.org,2002:)([a-z]+)>?$/.exec(text)?.[1];
    if (name === undefined || !allowed.includes(name))
      throw new Refused(`the tag ${text.slice(0, 60)} means nothing here`, tagStart);
    return name;
  }
}

/** A key as JSON has it. */
function keyText({ value, place }: Built): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === null) return 'null';
  throw new Refused('a key has to be a text, a number or a boolean', place.offset);
}

function finite<T>(value: T, offset: number): T {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Refused('JSON has no such number', offset);
  return value;
}

function merge(built: Built, value: Record<string, unknown>, fields: Map<string, Place>): void {
  const sources = Array.isArray(built.value) ? (built.value as unknown[]) : [built.value];
  for (const [index, source] of sources.entries()) {
    if (typeof source !== 'object' || source === null || Array.isArray(source))
      throw new Refused('map merge requires map or sequence of maps as the value', built.place.offset);
    const place = Array.isArray(built.value) ? built.place.items?.[index] : built.place;
    for (const [name, field] of Object.entries(source)) {
      if (fields.has(name)) continue;
      define(value, name, field);
      fields.set(name, place?.fields?.get(name) ?? built.place);
    }
  }
}
