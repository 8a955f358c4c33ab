import { fields } from '../readiness/verdict.ts';
import { groupOf } from '../identity.ts';
import type { Footprint, Place, Served } from './footprint.ts';
import { manyNamespaces } from '../world.ts';
import { verbsFor, type BasicPurpose, type Need, type VerbTable } from './need.ts';

/** A dry run asks for the same permissions as the write; who may write by apply needs both verbs. */
const objectVerbs: VerbTable = {
  plan: ['get', 'create', 'patch'],
  deploy: ['get', 'create', 'patch', 'delete'],
  destroy: ['get', 'delete'],
  status: ['get'],
};
/** What the graph no longer names is only deleted. */
const recordedVerbs: VerbTable = { deploy: ['get', 'delete'], destroy: ['get', 'delete'] };
/** Watched while something waits: to be ready, or to be gone. */
const collectionVerbs: VerbTable = {
  plan: ['list'],
  deploy: ['list', 'watch'],
  destroy: ['list', 'watch'],
  status: ['list'],
};
const listVerbs: VerbTable = { plan: ['list'], deploy: ['list'], destroy: ['list'], status: ['list'] };
const readVerbs: VerbTable = { plan: ['get'], deploy: ['get'], status: ['get'] };

/** Permissions that direct mode asks for. */
export function directNeeds(
  footprint: Footprint,
  purposes: readonly BasicPurpose[],
  existing: ReadonlySet<string>,
): readonly Need[] {
  const isRead = ({ path }: Place): boolean => path !== undefined && existing.has(path);
  const made = footprint.made.filter((place) => !isRead(place));
  return [
    ...made.flatMap((place) => objectNeeds(place, verbsFor(objectVerbs, purposes))),
    ...footprint.recorded.flatMap((place) => objectNeeds(place, verbsFor(recordedVerbs, purposes))),
    ...footprint.made.filter(isRead).flatMap((place) => objectNeeds(place, verbsFor(readVerbs, purposes))),
    ...collectionNeeds(footprint, made, purposes),
    ...externalNeeds(footprint, purposes),
    ...readinessNeeds(footprint, made, purposes),
    ...(purposes.includes('plan') || purposes.includes('deploy')
      ? made.flatMap((place) => [...escalations(place, made)])
      : []),
  ];
}

export function objectNeeds({ served: { group, resource }, namespace, name }: Place, verbs: readonly string[]): Need[] {
  return verbs.length === 0 ? [] : [{ group, resource, namespace, name, verbs }];
}

/** Every kind is listed wherever this deployment may have objects, and watched where its own are. */
function collectionNeeds(
  { recorded, recordedKinds, namespaces }: Footprint,
  made: readonly Place[],
  purposes: readonly BasicPurpose[],
): Need[] {
  const needs: Need[] = [];
  const places = [...made, ...recorded];
  const kinds = new Map(
    [...places.map(({ served }) => served), ...recordedKinds].map((served) => [idOf(served), served]),
  );
  for (const [id, { group, resource, namespaced }] of kinds) {
    const own = places.filter(({ served }) => idOf(served) === id);
    const everywhere =
      !namespaced || namespaces.length > manyNamespaces || own.some(({ namespace }) => namespace === undefined);
    if (everywhere) needs.push({ group, resource, verbs: verbsFor(collectionVerbs, purposes) });
    else
      for (const namespace of namespaces) {
        const isOwn = own.some((place) => place.namespace === namespace);
        needs.push({ group, resource, namespace, verbs: verbsFor(isOwn ? collectionVerbs : listVerbs, purposes) });
      }
  }
  return needs;
}

function idOf({ group, resource }: Served): string {
  return `${resource}.${group}`;
}

const externalVerbs: VerbTable = { ...listVerbs, deploy: ['list', 'watch'] };

/** Lists and watches of one object are allowed by its name. */
export function externalNeeds({ externals }: Footprint, purposes: readonly BasicPurpose[]): Need[] {
  return externals.map(({ read, served: { group, resource, namespaced } }) => ({
    group,
    resource,
    namespace: namespaced ? read.namespace : undefined,
    name: 'name' in read.by ? read.by.name : undefined,
    verbs: verbsFor(externalVerbs, purposes),
  }));
}

/** What decides when an object is ready, beside the object. */
export function readinessNeeds(
  footprint: Footprint,
  made: readonly Place[],
  purposes: readonly BasicPurpose[],
): Need[] {
  if (!purposes.includes('deploy') && !purposes.includes('status')) return [];
  const defined = new Set(
    footprint.made.filter(({ kind }) => kind === 'CustomResourceDefinition').map(({ name }) => name),
  );
  const needs: Need[] = [];
  for (const { apiVersion, served } of made) {
    const group = groupOf(apiVersion);
    const isCustom = group.includes('.') && !group.endsWith('.k8s.io');
    if (isCustom && !defined.has(idOf(served))) needs.push(definitionNeed(served));
  }
  if (made.some(({ kind }) => kind === 'PersistentVolumeClaim'))
    needs.push({ group: 'storage.k8s.io', resource: 'storageclasses', verbs: ['list'] });
  return needs;
}

export function definitionNeed({ group, resource }: Served): Need {
  return {
    group: 'apiextensions.k8s.io',
    resource: 'customresourcedefinitions',
    name: `${resource}.${group}`,
    verbs: ['get'],
  };
}

/** Kubernetes lets nobody grant what he has not: who writes a Role needs its rules, who binds another one the right to bind it. */
function* escalations(place: Place, made: readonly Place[]): Iterable<Need> {
  const { kind, apiVersion, namespace, name, object, served } = place;
  if (groupOf(apiVersion) !== 'rbac.authorization.k8s.io') return;
  if (kind === 'Role' || kind === 'ClusterRole') {
    const rules = rulesOf(place);
    if (rules) for (const rule of rules) yield* granted(rule, namespace);
    else yield { group: served.group, resource: served.resource, namespace, name, verbs: ['escalate'] };
    return;
  }
  const { kind: roleKind, name: roleName } = fields(object?.['roleRef']);
  const isBound = (other: Place): boolean =>
    other.kind === roleKind &&
    other.name === roleName &&
    other.namespace === (roleKind === 'Role' ? namespace : undefined);
  // Its rules are needed already, for writing it.
  if (made.some((other) => isBound(other) && rulesOf(other))) return;
  yield {
    group: served.group,
    resource: roleKind === 'Role' ? 'roles' : 'clusterroles',
    namespace,
    name: typeof roleName === 'string' ? roleName : undefined,
    verbs: ['bind'],
  };
}

/** `undefined` where they cannot be known or held. */
function rulesOf({ object }: Place): readonly ResourceRule[] | undefined {
  const rules = object?.['rules'] ?? [];
  const known = object && !object['aggregationRule'] && Array.isArray(rules) && rules.every(isResourceRule);
  return known ? rules : undefined;
}

interface ResourceRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

function isResourceRule(rule: unknown): rule is ResourceRule {
  const { apiGroups, resources, verbs } = fields(rule);
  return [apiGroups, resources, verbs].every(
    (list) => Array.isArray(list) && list.every((entry) => typeof entry === 'string'),
  );
}

function* granted(
  { apiGroups, resources, verbs, resourceNames = [] }: ResourceRule,
  namespace: string | undefined,
): Iterable<Need> {
  const names = resourceNames.length > 0 ? resourceNames : [undefined];
  for (const group of apiGroups)
    for (const resource of resources) for (const name of names) yield { group, resource, namespace, name, verbs };
}
