import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readManifests } from '../../src/kro/read/source.ts';
import { corpus } from './corpus.ts';

type Fields = Record<string, unknown>;

/** What kro did with one instance. */
export interface LiveCase {
  readonly name: string;
  readonly definition: string;
  readonly instance: string;
  readonly given: string;
  /** The fields that kro's applyset owns, without what it adds to every object. */
  readonly applied: readonly Fields[];
  /** The same objects as they are stored. */
  readonly objects: readonly Fields[];
  readonly status: Fields;
}

export function liveCases(): LiveCase[] {
  const folder = join(corpus, 'live');
  const read = (name: string, part: string): string =>
    globSync(`${name}.${part}.yaml`, { cwd: folder }).map((file) => readFileSync(join(folder, file), 'utf8'))[0] ?? '';
  const names = globSync('*.status.yaml', { cwd: folder })
    .map((file) => file.replace(/\.status\.yaml$/, ''))
    .sort();
  return names.map((name) => {
    const [instance] = readManifests({ content: read(name, 'status') });
    return {
      name,
      definition: read(name, 'rgd'),
      instance: read(name, 'instance'),
      given: read(name, 'given'),
      applied: readManifests({ content: read(name, 'applied') }).map(({ object }) => withoutKro(object as Fields)),
      objects: readManifests({ content: read(name, 'objects') }).map(({ object }) => withTimes(object as Fields)),
      status: (instance?.object['status'] ?? {}) as Fields,
    };
  });
}

/** The recorded objects have no times, and conditions ask for them. */
function withTimes(object: Fields): Fields {
  const status = object['status'] as Fields | undefined;
  if (object['kind'] !== 'Job' || !status || !status['succeeded']) return object;
  return { ...object, status: { ...status, completionTime: '2026-11-21T12:00:00Z' } };
}

const own = (key: string): boolean =>
  /^(internal\.)?kro\.run\/|^applyset\.kubernetes\.io\//.test(key) || key === 'app.kubernetes.io/managed-by';

/** An object without the labels and annotations that kro adds. */
export function withoutKro(object: Fields): Fields {
  const { labels, annotations, ...metadata } = object['metadata'] as { labels?: Fields; annotations?: Fields };
  const kept = (entries: Fields | undefined): Fields | undefined => {
    const left = Object.entries(entries ?? {}).filter(([key]) => !own(key));
    return left.length > 0 ? Object.fromEntries(left) : undefined;
  };
  const [keptLabels, keptAnnotations] = [kept(labels), kept(annotations)];
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(keptLabels && { labels: keptLabels }),
      ...(keptAnnotations && { annotations: keptAnnotations }),
    },
  };
}

const key = ({ apiVersion, kind, metadata }: Fields): string =>
  JSON.stringify([apiVersion, kind, (metadata as Fields)['namespace'] ?? '', (metadata as Fields)['name']]);

export function sorted(objects: readonly Fields[]): Fields[] {
  return [...objects].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/**
 * An object as server-side apply records what was sent: `null` is nothing (and an empty text in data), ports have their
 * protocol (it is part of their key), text of a Secret is stored encoded and owned by nobody, a CPU or memory amount is written
 * as it is stored.
 */
export function asRecorded(object: Fields): Fields {
  const { stringData: _, ...stored } = object;
  const visit = (value: unknown, path: readonly string[]): unknown => {
    if (Array.isArray(value))
      return value.map((item: unknown) =>
        path.at(-1) === 'ports' ? visit({ protocol: 'TCP', ...(item as Fields) }, path) : visit(item, path),
      );
    if (typeof value !== 'object' || value === null) return value;
    const fields = Object.entries(value).flatMap(([name, field]): [string, unknown][] => {
      if (field === null) return path.length === 1 && path[0] === 'data' ? [[name, '']] : [];
      return [[name, visit(field, [...path, name])]];
    });
    return Object.fromEntries(fields);
  };
  return visit(stored, []) as Fields;
}
