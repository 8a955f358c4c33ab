import { toNode } from '../expr/nodes.ts';
import { handleNode, identifier } from '../expr/nodes.ts';
import { makeRef } from '../expr/ref.ts';
import { Expression, type ValueObject } from '../expr/value.ts';
import { bindHandles, type Scope } from './bind.ts';
import type { Collected } from './collect.ts';
import { toValue } from './convert.ts';
import type { GraphNode } from './graph.ts';
import { nameProblem } from './identifiers.ts';
import type { Problems } from './problems.ts';
import { handleOf, type ResourceDraft, type ResourceHandle } from './resource.ts';

/** A node before its types are checked and its dependencies are known. */
export type BoundNode = Omit<GraphNode, 'dependencies'> & { readonly draft: ResourceDraft };

/** Turns drafts into nodes: handles become ids, bodies plain data. */
export function bindNodes(collected: Collected, problems: Problems): readonly BoundNode[] {
  const nodes: BoundNode[] = [];
  for (const [id, handle] of collected.handles) {
    const node = problems.attempt({ resource: id, source: handle.draft.source }, () => bindNode(id, handle, collected));
    if (node) nodes.push(node);
    for (const { name } of handle.draft.forEach) {
      const wrong = nameProblem(name, 'forEach variable') ?? (collected.handles.has(name) ? clash(name) : undefined);
      if (wrong) problems.add({ ...wrong, resource: id });
    }
  }
  return nodes;
}

function clash(name: string): { code: string; message: string; hint: string } {
  return {
    code: 'DuplicateId',
    message: `the forEach variable ${name} is also a resource`,
    hint: 'Name it with the option `as`.',
  };
}

const noVariables: Scope['variables'] = new Map();

function bindNode(id: string, handle: ResourceHandle, collected: Collected): BoundNode {
  const { draft } = handle;
  const outer: Scope = { ids: collected.ids, taken: collected.handles, variables: noVariables };
  const inner: Scope =
    draft.forEach.length === 0
      ? outer
      : { ...outer, variables: new Map(draft.forEach.map(({ name, handle: variable }) => [variable, name])) };
  const expressions = (conditions: unknown, scope: Scope): Expression[] =>
    (conditions === undefined ? [] : Array.isArray(conditions) ? conditions : [conditions]).map(
      (condition) => new Expression(bindHandles(toNode(condition), scope)),
    );
  const self = draft.forEach.length > 0 ? identifier('each') : handleNode(handle);
  const { includeWhen, readyWhen, dependsOn, keep } = draft.options;
  const body = toValue(draft.body, (node) => bindHandles(node, inner)) as ValueObject;
  return {
    id,
    draft,
    apiVersion: draft.apiVersion,
    kind: draft.kind,
    namespaced: draft.namespaced,
    template: draft.external ? body : Object.freeze({ apiVersion: draft.apiVersion, kind: draft.kind, ...body }),
    ...(draft.external && { external: draft.external }),
    ...(draft.instanceOf && { instanceOf: draft.instanceOf }),
    ...(draft.type && { type: draft.type }),
    includeWhen: expressions(includeWhen, outer),
    readyWhen: expressions(readyWhen?.(makeRef<never>(self)), outer),
    forEach: draft.forEach.map(({ name, list }) => ({ name, list: new Expression(bindHandles(toNode(list), outer)) })),
    dependsOn: idsOf(dependsOn, collected),
    keep: keep ?? false,
    source: draft.source,
  };
}

function idsOf(dependsOn: unknown, collected: Collected): string[] {
  const targets = dependsOn === undefined ? [] : Array.isArray(dependsOn) ? dependsOn : [dependsOn];
  return targets.map((target) => {
    const handle = handleOf(target);
    if (!handle) throw new TypeError('dependsOn takes resources');
    const name = bindHandles(handleNode(handle), {
      ids: collected.ids,
      taken: collected.handles,
      variables: noVariables,
    });
    return name.kind === 'identifier' ? name.name : '';
  });
}
