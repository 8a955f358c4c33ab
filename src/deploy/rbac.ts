import { isApiError } from '../cluster/api-error.ts';
import type { KubernetesObject } from '../cluster/cluster.ts';
import type { Graph } from '../graph/graph.ts';
import { bookkeepingNeeds, optionalNeeds } from './access/bookkeeping.ts';
import { directNeeds } from './access/direct.ts';
import { footprintOf, type Footprint } from './access/footprint.ts';
import { kroNeeds } from './access/kro.ts';
import { migrationNeeds } from './access/migration.ts';
import { purposes as allPurposes, usualPurposes } from './access/need.ts';
import type { BasicPurpose, Need, Optional, Purpose } from './access/need.ts';
import { rolesOf, type GroupedRole, type RoleManifest } from './access/roles.ts';
import { rollbackNeeds, rollbackWithKroNeeds } from './access/rollback.ts';
import { checkCluster } from './cluster-identity.ts';
import { missingKro } from './kro/installed.ts';
import { migrationOf } from './mode.ts';
import { readNamespace } from './namespace.ts';
import type { TargetOptions } from './options.ts';
import { readSoundRecord, type StoredRecord } from './record.ts';
import { startRun, whileRunning, type Run } from './run.ts';
import { checkPolicy, existingSecrets } from './secrets.ts';

export type { Purpose } from './access/need.ts';
export type { RoleManifest, Rule } from './access/roles.ts';

/** What permissions are for, and who gets them. */
export interface AccessOptions {
  /** Commands that the roles are for. @default plan, deploy and destroy */
  readonly for?: readonly Purpose[] | undefined;
  /**
   * Lets deployments create the namespace of the instance where it is missing, and destroy it. No Role can lie in a
   * namespace that is not there, so all permissions in it then hold for the whole cluster. @default false
   */
  readonly createNamespace?: boolean | undefined;
  /** kro mode: lets `destroy` delete the definition too, and `rollback` one that it does not need any more. @default false */
  readonly definition?: boolean | undefined;
  /** Binds the roles to this service account. */
  readonly serviceAccount?: { readonly namespace: string; readonly name: string } | undefined;
}

/** Options of {@link rbac}. */
export interface RbacOptions extends TargetOptions, AccessOptions {}

/** What a stack may do, as manifests. */
export interface Access {
  /** Everything that the commands cannot do without, in the order to apply it. */
  readonly required: readonly KubernetesObject[];
  /** What only makes answers better: why something is not ready, whether a namespace is empty. */
  readonly optional: readonly KubernetesObject[];
  /** What to know about them. */
  readonly notes: readonly string[];
}

/**
 * The least permissions with which commands can do their work for a stack, as Roles and a ClusterRole for these values
 * and this cluster. It is worked out from the graph, its values and the record of the last deployment; whoever asks needs to
 * read only these. Discovery and access reviews are left out, as every authenticated user may do them.
 *
 * @throws KubewrightError `KindNotServed` for kinds whose resource nobody knows yet
 * @example
 * const { required } = await rbac(app, { cluster, mode: 'direct', instance: { name: 'app', namespace: 'dev', spec }, for: ['plan'] });
 */
export async function rbac(graph: Graph, options: RbacOptions): Promise<Access> {
  const run = startRun(graph, options);
  checkPolicy(graph, run.secrets);
  return whileRunning(run, async () => {
    await checkCluster(run, options.clusterId);
    return accessOf(run, options);
  });
}

async function accessOf(run: Run, options: RbacOptions): Promise<Access> {
  const missing = run.mode === 'kro' ? await missingKro(run) : undefined;
  if (missing) throw missing;
  const notes: string[] = [];
  const [stored, namespace] = await Promise.all([readIfAllowed(run, notes), readNamespace(run).catch(unlessForbidden)]);
  const purposes = allPurposes.filter((purpose) => (options.for ?? usualPurposes).includes(purpose));
  const footprint = await footprintOf(run, stored, {
    revisions: run.mode === 'direct' && purposes.includes('rollback'),
  });
  const createNamespace = options.createNamespace ?? false;
  const needs = await needsOf(run, { footprint, stored }, { ...options, purposes, createNamespace });
  if (purposes.includes('migrate') && !migrationOf(run, stored, { migrate: true }))
    notes.push(`Nothing is deployed in another mode than ${run.mode}, so migrate needs what deploy needs.`);
  const isMade = madeNamespaces(footprint, createNamespace ? run.identity.namespace : undefined);
  const placed = needs.map((need) =>
    need.namespace !== undefined && isMade.has(need.namespace) ? widened(need) : need,
  );
  const roles = rolesOf(placed, (where, optional) => roleName(run, { where, optional, purposes }));
  const creates = !namespace && !createNamespace;
  if (creates)
    notes.push(
      `Namespace ${run.identity.namespace} is part of these manifests, as no Role can lie in one that is missing.`,
    );
  if (purposes.includes('plan')) notes.push('A dry run needs the permissions of the write, so plan has them too.');
  const manifests = ({ role }: GroupedRole): readonly KubernetesObject[] => [
    role as unknown as KubernetesObject,
    ...(options.serviceAccount ? [bindingOf(role, options.serviceAccount)] : []),
  ];
  return {
    required: [
      ...(creates ? [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: run.identity.namespace } }] : []),
      ...roles.filter(({ optional }) => !optional).flatMap(manifests),
    ],
    optional: roles.filter(({ optional }) => optional).flatMap(manifests),
    notes,
  };
}

interface Wanted extends RbacOptions {
  readonly purposes: readonly Purpose[];
  readonly createNamespace: boolean;
}

interface Known {
  readonly footprint: Footprint;
  readonly stored: StoredRecord;
}

async function needsOf(
  run: Run,
  { footprint, stored }: Known,
  { purposes, createNamespace, definition = false, clusterId }: Wanted,
): Promise<readonly Need[]> {
  const existing = existingSecrets(run.graph, run.secrets);
  const basic = basicPurposes(purposes);
  // Of the graph a rollback makes nothing.
  const ofGraph = basicPurposes(purposes.filter((purpose) => purpose !== 'rollback'));
  const own =
    run.mode === 'kro'
      ? await kroNeeds(run, footprint, ofGraph, { existing, definition })
      : directNeeds(footprint, ofGraph, existing);
  const removable = [
    ...madeNamespaces(
      run.mode === 'kro' ? { ...footprint, made: [] } : footprint,
      createNamespace ? run.identity.namespace : undefined,
    ),
  ];
  return [
    ...bookkeepingNeeds(run.identity, basic, {
      clusterId: clusterId !== undefined,
      createNamespace,
      parts: footprint.parts,
    }),
    ...own,
    ...(purposes.includes('rollback') ? await restoringNeeds(run, { footprint, stored }, definition) : []),
    ...(purposes.includes('migrate') ? await migrationNeeds(run, stored, { footprint, existing }) : []),
    ...optionalNeeds(footprint, basic, { removable, namespace: run.identity.namespace }),
  ];
}

async function restoringNeeds(run: Run, { footprint, stored }: Known, definition: boolean): Promise<readonly Need[]> {
  return run.mode === 'kro' ? rollbackWithKroNeeds(run, stored, definition) : rollbackNeeds(footprint);
}

/** The others write a record and take the lock as a deployment does. */
function basicPurposes(purposes: readonly Purpose[]): readonly BasicPurpose[] {
  return [
    ...new Set(purposes.map((purpose) => (purpose === 'rollback' || purpose === 'migrate' ? 'deploy' : purpose))),
  ];
}

/** Namespaces that deployments make: no Role can be in them before. */
function madeNamespaces({ made }: Footprint, own: string | undefined): ReadonlySet<string> {
  const names = made
    .filter(({ apiVersion, kind }) => apiVersion === 'v1' && kind === 'Namespace')
    .map(({ name }) => name);
  return new Set([...names, own].filter((name) => name !== undefined));
}

function widened({ namespace: _namespace, ...need }: Need): Need {
  return need;
}

async function readIfAllowed(run: Run, notes: string[]): Promise<StoredRecord> {
  try {
    return await readSoundRecord(run);
  } catch (error) {
    if (!isApiError(error, 'Forbidden')) throw error;
    notes.push(
      'The record of the last deployment cannot be read: what the graph no longer names is not part of these roles.',
    );
    return { salt: '' };
  }
}

function unlessForbidden(error: unknown): undefined {
  if (!isApiError(error, 'Forbidden')) throw error;
}

interface Naming {
  readonly where: string | undefined;
  readonly optional: Optional | undefined;
  readonly purposes: readonly Purpose[];
}

/** Roles for one command lie beside those for another. */
function roleName({ identity }: Run, { where, optional, purposes }: Naming): string {
  const base = where === undefined ? `${identity.name}.${identity.namespace}` : identity.name;
  const isUsual = purposes.join() === usualPurposes.join();
  const suffixes = [!isUsual && purposes.join('-'), optional?.replace(' ', '-')];
  return [base, ...suffixes].filter(Boolean).join('.');
}

function bindingOf(
  { apiVersion, kind, metadata }: RoleManifest,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): KubernetesObject {
  return {
    apiVersion,
    kind: `${kind}Binding`,
    metadata: { ...metadata },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: metadata.name },
    subjects: [{ kind: 'ServiceAccount', namespace, name }],
  };
}
