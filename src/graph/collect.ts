import { KubewrightError } from '../errors.ts';
import { joinIds, nameProblem } from './identifiers.ts';
import type { Problems } from './problems.ts';
import { handleOf, inclusion, type ResourceHandle } from './resource.ts';

/** The resources that a builder returned, by id, in the order of the map. */
export interface Collected {
  readonly ids: ReadonlyMap<ResourceHandle, string>;
  readonly handles: ReadonlyMap<string, ResourceHandle>;
}

/** Flattens the builder's map: groups and included graphs give joined ids. */
export function collectResources(resources: unknown, problems: Problems): Collected {
  const ids = new Map<ResourceHandle, string>();
  const handles = new Map<string, ResourceHandle>();
  const walk = (value: unknown, id: string): void => {
    const handle = handleOf(value);
    if (handle) return add(handle, id);
    const group = membersOf(value);
    if (group) {
      for (const [key, member] of Object.entries(group)) walk(member, joinIds(id, key));
    } else {
      problems.add(notAResource(value, id));
    }
  };
  const add = (handle: ResourceHandle, id: string): void => {
    const known = ids.get(handle);
    const wrong = nameProblem(id, 'resource id');
    if (wrong) problems.add({ ...wrong, resource: id });
    if (known !== undefined) {
      problems.add({
        code: 'DuplicateResource',
        resource: id,
        message: `the same resource is also returned as ${known}`,
        hint: `Return it once. (${handle.draft.source()})`,
      });
    } else if (handles.has(id)) {
      problems.add({
        code: 'DuplicateId',
        resource: id,
        message: 'two resources have this id',
        hint: `Rename one of them. (${handle.draft.source()})`,
      });
    } else if (handle.draft.id !== undefined && handle.draft.id !== id) {
      problems.add({
        code: 'DifferentId',
        resource: id,
        message: `its factory was given the id ${handle.draft.id}`,
        hint: 'The key in the returned map is the id: remove the option or rename the key.',
      });
    } else {
      ids.set(handle, id);
      handles.set(id, handle);
    }
  };
  walk(resources, '');
  return { ids, handles };
}

function membersOf(value: unknown): object | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  if (inclusion in value) return (value as unknown as { resources: object }).resources;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? value : undefined;
}

function notAResource(value: unknown, id: string): KubewrightError {
  const what =
    value instanceof Promise
      ? 'a promise'
      : value === undefined
        ? 'undefined'
        : Array.isArray(value)
          ? 'a list'
          : `a ${typeof value}`;
  return new KubewrightError({
    code: 'NotAResource',
    resource: id || 'resources',
    message: `the builder returned ${what} where a resource or a group of resources belongs`,
    hint:
      value instanceof Promise
        ? 'Builders are synchronous: await before toResourceGraph.'
        : 'Make it with a factory such as simple.Deployment, or remove the key.',
  });
}
