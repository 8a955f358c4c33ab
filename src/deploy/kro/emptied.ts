import type { KubernetesObject } from '../../cluster/cluster.ts';
import { ownFields } from '../ownership.ts';
import { fields, type Fields } from '../readiness/verdict.ts';

/**
 * A merge patch that takes our last fields out of maps that shall be empty; `undefined` where there are none. Server-side
 * apply makes such a map null, which the schemas of custom kinds and of definitions refuse.
 */
export function emptying(object: KubernetesObject, live: KubernetesObject): Fields | undefined {
  const { spec } = object as Fields;
  return patchOf({ spec }, ownFields(live) ?? {});
}

function patchOf(wanted: Fields, owned: Fields): Fields | undefined {
  const entries = Object.entries(wanted).flatMap(([name, value]): [string, unknown][] => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
    const own = fields(owned[`f:${name}`]);
    const inner = Object.keys(value).length > 0 ? patchOf(value as Fields, own) : nothingOf(own);
    return inner ? [[name, inner]] : [];
  });
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

function nothingOf(owned: Fields): Fields | undefined {
  const names = Object.keys(owned).filter((key) => key.startsWith('f:'));
  return names.length > 0 ? Object.fromEntries(names.map((key) => [key.slice(2), null])) : undefined;
}
