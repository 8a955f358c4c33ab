import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../src/cluster/connect.ts';
import type { Cluster, KubernetesObject } from '../../src/cluster/cluster.ts';
import { holderText } from '../../src/deploy/holder.ts';
import type { Access, RoleManifest } from '../../src/deploy/rbac.ts';
import { tokenOf } from './deploying.ts';

/** A server to connect to. */
export interface Place {
  readonly server: string;
  readonly caFile: string;
}

/** A verb of a rule, to be left out. */
export interface Omission {
  readonly role: number;
  readonly rule: number;
  readonly verb: string;
}

const isRole = ({ kind }: KubernetesObject): boolean => kind === 'Role' || kind === 'ClusterRole';

function rolesOf({ required }: Access): readonly RoleManifest[] {
  return required.filter(isRole) as unknown as readonly RoleManifest[];
}

/** Every verb of every rule that a stack cannot do without. */
export function omissionsOf(access: Access): readonly Omission[] {
  return rolesOf(access).flatMap(({ rules }, role) =>
    rules.flatMap(({ verbs }, rule) => verbs.map((verb) => ({ role, rule, verb }))),
  );
}

/** What the rule is about, in the roles of one stack. */
export function resourceOf(access: Access, { role, rule }: Omission): string | undefined {
  return rolesOf(access)[role]?.rules[rule]?.resources[0];
}

/** A rule for one object each, as texts that can be compared. */
function permissionsOf({ kind, metadata: { namespace } }: RoleManifest, rule: RoleManifest['rules'][number]): string[] {
  const { apiGroups, resources, resourceNames = ['*'], verbs } = rule;
  return resourceNames.flatMap((name) =>
    verbs.map((verb) => [kind, namespace, ...apiGroups, ...resources, name, verb].join(' ')),
  );
}

/** Whether the roles of another command have a verb of a rule too. */
export function isCovered(other: Access, access: Access, { role, rule, verb }: Omission): boolean {
  const all = new Set(rolesOf(other).flatMap((each) => each.rules.flatMap((one) => permissionsOf(each, one))));
  const manifest = rolesOf(access)[role] as RoleManifest;
  const wanted = { ...(manifest.rules[rule] as RoleManifest['rules'][number]), verbs: [verb] };
  return permissionsOf(manifest, wanted).every((permission) => all.has(permission));
}

/** The same roles under a name of their own, for a user among others. */
export function forUser(
  { required, ...access }: Access,
  account: { readonly namespace: string; readonly name: string },
): Access {
  const rename = (manifest: KubernetesObject): KubernetesObject => {
    if (manifest.kind === 'Namespace') return manifest;
    const { roleRef, subjects } = manifest as { roleRef?: { readonly name: string }; subjects?: readonly object[] };
    return {
      ...manifest,
      metadata: { ...manifest.metadata, name: `${account.namespace}.${manifest.metadata.name}` },
      ...(roleRef && { roleRef: { ...roleRef, name: `${account.namespace}.${roleRef.name}` } }),
      ...(subjects && { subjects: subjects.map((subject) => ({ ...subject, ...account })) }),
    };
  };
  return { ...access, required: required.map(rename) };
}

/** A lock of a run that died on this machine. */
export async function leaveLock(
  admin: Cluster,
  metadata: { readonly name: string; readonly namespace: string },
): Promise<void> {
  await admin.create({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata,
    spec: { holderIdentity: holderText({ pid: 999_999_999 }), leaseDurationSeconds: 15 },
  });
}

function without(rules: RoleManifest['rules'], { rule, verb }: Omission): RoleManifest['rules'] {
  return rules
    .map((each, index) => (index === rule ? { ...each, verbs: each.verbs.filter((one) => one !== verb) } : each))
    .filter(({ verbs }) => verbs.length > 0);
}

/** Makes a user with exactly these permissions, or with one verb less, and connects as it. */
export async function userWith(
  admin: Cluster,
  place: Place,
  {
    access,
    account,
    omit,
  }: {
    readonly access: Access;
    readonly account: { namespace: string; name: string };
    readonly omit?: Omission | undefined;
  },
): Promise<Cluster> {
  await admin.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: account });
  const roles = access.required.filter(isRole);
  const manifests = access.required.map((manifest) => {
    if (!omit || manifest !== roles[omit.role]) return manifest;
    return { ...manifest, rules: without((manifest as unknown as RoleManifest).rules, omit) };
  });
  for (const manifest of manifests) await admin.apply(manifest, { fieldManager: 'admin', force: true });
  const token = await tokenOf(admin, account);
  const user = await connect({ kind: 'server', server: place.server, token, ca: readFileSync(place.caFile, 'utf8') });
  for (const manifest of manifests.filter(isRole)) await effective(user, manifest as unknown as RoleManifest);
  return user;
}

/** The authorizer follows roles and bindings with a delay of its own. */
async function effective(user: Cluster, { rules, metadata: { namespace } }: RoleManifest): Promise<void> {
  const rule = rules.find(({ verbs }) => verbs.length > 0);
  if (!rule) return;
  const [resource = '', subresource] = (rule.resources[0] ?? '').split('/');
  const resourceAttributes = {
    verb: rule.verbs[0],
    group: rule.apiGroups[0],
    resource,
    subresource,
    name: rule.resourceNames?.[0],
    namespace,
  };
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
  };
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(25)) {
    const { status } = await user.create(review);
    if ((status as { allowed: boolean }).allowed) return;
  }
  throw new Error(`the role in ${namespace ?? 'the cluster'} has no effect`);
}

const finalizer = 'tests.example.com/hold';

/** Holds objects with a finalizer until they are deleted, and a moment longer: deletion then has to be waited for. */
export async function holdAll(
  admin: Cluster,
  kinds: readonly { readonly apiVersion: string; readonly kind: string }[],
  namespaces: readonly string[],
): Promise<() => Promise<void>> {
  const objects = (
    await Promise.all(
      kinds.flatMap((kind) => namespaces.map(async (namespace) => (await admin.list({ ...kind, namespace })).items)),
    )
  ).flat();
  const held = objects.filter(({ metadata }) => metadata.labels?.['applyset.kubernetes.io/part-of']);
  const finalizers = (object: KubernetesObject, value: readonly string[] | null): Promise<unknown> =>
    admin.patch(
      { apiVersion: object.apiVersion, kind: object.kind, ...object.metadata },
      { type: 'merge', body: { metadata: { finalizers: value } } },
    );
  for (const object of held) await finalizers(object, [...(object.metadata.finalizers ?? []), finalizer]);
  let stopped = false;
  const release = async (object: KubernetesObject): Promise<void> => {
    const { apiVersion, kind, metadata } = object;
    for (;;) {
      const live = await admin.get({ apiVersion, kind, name: metadata.name, namespace: metadata.namespace });
      if (!live) return;
      if (live.metadata.deletionTimestamp || stopped) {
        if (!stopped) await sleep(150);
        const left = (live.metadata.finalizers ?? []).filter((each) => each !== finalizer);
        // A finalizer that its controller removed in the meantime cannot be written again: read it anew.
        const done = await finalizers(live, left.length > 0 ? left : null).catch(() => undefined);
        if (done) return;
      }
      await sleep(50);
    }
  };
  const done = Promise.all(held.map(release));
  return async () => {
    stopped = true;
    await done;
  };
}

/** Some pieces of work at a time. */
export async function inParallel<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}
