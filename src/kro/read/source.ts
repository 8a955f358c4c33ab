import { KubewrightError } from '../../errors.ts';
import { kroApiVersion } from '../api.ts';
import { Lines, type Path, type Place, placeOf } from './place.ts';
import { readYaml } from './yaml.ts';

/** A manifest, and where it is written. */
export interface Manifest {
  readonly object: Readonly<Record<string, unknown>>;
  readonly file: string;
  /** Line of a path; `undefined` when the object did not come from a text. */
  readonly lineOf: (path: Path) => number | undefined;
  readonly repeated: readonly { readonly key: string; readonly line: number }[];
  /** Length of the text that it was read from. */
  readonly size?: number;
}

/** Text or objects that hold manifests, under a name for messages. */
export interface Source {
  readonly file?: string;
  /** YAML or JSON text with any number of documents, or one object. */
  readonly content: string | object;
}

/**
 * The manifests of a text or an object; a `List` gives its items, empty documents nothing.
 *
 * @throws KubewrightError `InvalidYaml`, or `NotAnObject` for a document that is no map
 */
export function readManifests({ file = 'input', content }: Source): Manifest[] {
  if (typeof content !== 'string')
    return itemsOf(content as Record<string, unknown>, (object) => ({
      object,
      file,
      lineOf: () => undefined,
      repeated: [],
    }));
  const json = jsonObject(content);
  if (json) return readManifests({ file, content: json });
  const { documents, lines } = readYaml(content, file);
  return documents.flatMap(({ value, place, repeated }) => {
    if (value === null) return [];
    if (typeof value !== 'object' || Array.isArray(value)) {
      throw new KubewrightError({
        code: 'NotAnObject',
        resource: `${file}:${lines.lineOf(place.offset)}`,
        message: 'the document is no Kubernetes object',
      });
    }
    return itemsOf(value as Record<string, unknown>, (object, prefix) => ({
      object,
      file,
      lineOf: lineFinder(place, lines, prefix),
      repeated,
    }));
  });
}

/** CustomResourceDefinitions come as large JSON files, in which nobody looks for lines. */
function jsonObject(text: string): object | undefined {
  if (!/^\s*\{\s*"/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return (value as { kind?: unknown }).kind === 'ResourceGraphDefinition' ? undefined : (value as object);
  } catch {
    return undefined;
  }
}

function lineFinder(place: Place, lines: Lines, prefix: Path): (path: Path) => number {
  return (path) => lines.lineOf(placeOf(place, [...prefix, ...path]).offset);
}

function itemsOf(
  object: Record<string, unknown>,
  make: (object: Record<string, unknown>, prefix: Path) => Manifest,
): Manifest[] {
  const { kind, items } = object;
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return [make(object, [])];
  return items.flatMap((item: unknown, index) =>
    typeof item === 'object' && item !== null ? [make(item as Record<string, unknown>, ['items', index])] : [],
  );
}

export function isDefinition({ object }: Manifest): boolean {
  return (
    object['kind'] === 'ResourceGraphDefinition' &&
    typeof object['apiVersion'] === 'string' &&
    object['apiVersion'].startsWith(`${kroApiVersion.split('/')[0]}/`)
  );
}

export function isCrd({ object }: Manifest): boolean {
  return object['kind'] === 'CustomResourceDefinition';
}
