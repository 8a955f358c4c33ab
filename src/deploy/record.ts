import { createHmac, randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { isApiError } from '../cluster/api-error.ts';
import type { KindReference, KubernetesObject, ObjectReference } from '../cluster/cluster.ts';
import { KubewrightError } from '../errors.ts';
import type { InstanceValues } from '../resolve/resolution.ts';
import { fieldManager, groupKind, keys, tooling } from './identity.ts';
import { canonical } from './intent.ts';
import type { Mode } from './options.ts';
import { retrying } from './retry.ts';
import type { Revision } from './revisions.ts';
import type { Run } from './run.ts';
import type { SnapshotRef } from './snapshot.ts';

/** What a deployment leaves behind about itself: enough to see that nothing has to change, and where the rest is. */
export interface DeployRecord {
  readonly format: number;
  readonly graph: string;
  readonly instance: string;
  readonly mode: Mode;
  /** Number of the newest run that wrote something. */
  readonly revision: number;
  /** `applying` until everything was ready and pruned: objects may exist that are not listed. */
  readonly phase: 'applying' | 'deployed' | 'destroying';
  /** The objects that the last run that ended well left; absent before the first one. */
  readonly inventory?: SnapshotRef;
  /** Everything that may hold objects of this deployment, as `apiVersion/Kind`. */
  readonly kinds: readonly string[];
  readonly namespaces: readonly string[];
  /** kro mode: names of the definitions that this deployment made, or was about to. */
  readonly definitions?: readonly string[];
  /** kro mode: the kind of the instance, which an environment may change. */
  readonly instanceKind?: KindReference;
  /** Set while objects change hands from one mode to the other. */
  readonly migrating?: { readonly from: Mode; readonly instanceKind?: KindReference | undefined };
  /** The values of the newest run; absent when they are too many, or of a revision that was written without them. */
  readonly values?: InstanceValues;
  /** What happened, oldest first. */
  readonly revisions: readonly Revision[];
  /** Slots from this one on were never used. */
  readonly slots: number;
  /** Made anew from what was left of a damaged one: nothing is deleted by it. */
  readonly salvaged?: true;
}

/** The record as it is on the cluster. */
export interface StoredRecord {
  /** Absent when there is none. */
  readonly record?: DeployRecord;
  /** Key of the intent hashes. */
  readonly salt: string;
  /** Absent when there is none. */
  readonly resourceVersion?: string;
  readonly uid?: string;
  /** Why a record that is there cannot be read. */
  readonly damage?: KubewrightError;
}

export const recordFormat = 2;
const recordType = 'kubewright.dev/record';
// A Secret holds 1 MiB, and its annotations a quarter of that.
const [dataLimit, annotationLimit] = [1_000_000, 250_000];

export function recordRef({ identity: { name, namespace } }: Pick<Run, 'identity'>): ObjectReference {
  return { apiVersion: 'v1', kind: 'Secret', name, namespace };
}

/** Reads the record; where there is none, a new one is prepared. */
export async function readRecord(run: Run): Promise<StoredRecord> {
  const secret = await run.cluster.get(recordRef(run), { signal: run.signal });
  if (!secret) return { salt: newSalt() };
  const { uid, resourceVersion } = secret.metadata;
  const read = parse(run, secret);
  refuseForeign(run, secret, read.record);
  const place = { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
  if (read.damage && run.repairRecord) return { salt: read.salt, ...place, record: await salvage(run, secret) };
  return { ...read, ...place };
}

/** Reads the record for work that relies on it. */
export async function readSoundRecord(run: Run): Promise<StoredRecord> {
  const stored = await readRecord(run);
  if (stored.damage) throw stored.damage;
  return stored;
}

function refuseForeign(run: Run, secret: KubernetesObject, record: DeployRecord | undefined): void {
  const owner = foreignOwner(run, secret, record);
  if (owner === undefined) return;
  throw new KubewrightError({
    code: 'ForeignRecord',
    resource: `Secret ${run.identity.namespace}/${run.identity.name}`,
    message: owner,
    hint: 'Rename it if it is yours, restore its label and annotations if it is a record, delete it if it is a copy, or give the instance another name.',
  });
}

/** What says that a record is not that of this deployment. One that can be read may lack its marks: they are written anew with it. */
function foreignOwner(run: Run, { metadata }: KubernetesObject, record: DeployRecord | undefined): string | undefined {
  const tool = metadata.annotations?.[keys.tooling] ?? (record && tooling);
  const id = metadata.labels?.[keys.id] ?? (record && run.identity.id);
  if (tool !== tooling) return `belongs to ${tool ?? 'somebody else'}`;
  if (id !== run.identity.id) return `its label ${keys.id} is ${String(id)}, not ${run.identity.id}`;
  if (!record) return undefined;
  const { graph, instance, namespaces, definitions = [] } = record;
  if (!namespaces.includes(run.identity.namespace)) return 'is the record of a deployment in another namespace';
  // Earlier versions wrote the name that an environment gives the definition.
  const isIts = [nameOf(run), run.graph.name, ...definitions].includes(graph);
  if (isIts && instance === run.instance.name) return undefined;
  return `is the record of ${graph} ${instance}, not of ${nameOf(run)} ${run.instance.name}`;
}

/** The graph as records name it, however an environment calls its definition. */
export function nameOf({ graph }: Pick<Run, 'graph'>): string {
  return graph.stackName ?? graph.name;
}

interface Parsed {
  readonly salt: string;
  readonly record?: DeployRecord;
  readonly damage?: KubewrightError;
}

function parse(run: Run, secret: KubernetesObject): Parsed {
  const data = (secret['data'] ?? {}) as Readonly<Record<string, string | undefined>>;
  const read = (key: string): Buffer => Buffer.from(data[key] ?? '', 'base64');
  const [salt, packed, sum] = [read('salt').toString(), read('record'), read('sum').toString()];
  const broken = (key: string, reason: string): Parsed => ({
    salt: salt || newSalt(),
    damage: damagedRecord(run, key, reason),
  });
  const missing = ['salt', 'record', 'sum'].find((key) => !data[key]);
  if (missing) return broken(missing, 'is missing');
  if (sumOf(packed, salt) !== sum) return broken('record', 'is not what was written: somebody edited or truncated it');
  const record = JSON.parse(gunzipSync(packed).toString()) as DeployRecord;
  if (record.format !== recordFormat)
    return broken('record', `has format ${record.format}, and this version reads ${recordFormat}`);
  return { salt, record };
}

function damagedRecord(run: Run, key: string, reason: string): KubewrightError {
  return new KubewrightError({
    code: 'DamagedRecord',
    resource: `Secret ${run.identity.namespace}/${run.identity.name}`,
    path: `data.${key}`,
    message: `the record of the deployment cannot be read: it ${reason}`,
    hint: 'Restore it from a backup, or deploy with --repair-record: it is then made anew without its history, and that run deletes nothing.',
  });
}

/** What the annotations and the graph still say; all versions of a kind hold the same objects. */
async function salvage(run: Run, { metadata: { annotations = {} } }: KubernetesObject): Promise<DeployRecord> {
  const groupKinds = new Set(listOf(annotations[keys.groupKinds]));
  const served = groupKinds.size > 0 ? await run.cluster.resources({ signal: run.signal }) : [];
  const kinds = served.filter((kind) => groupKinds.has(groupKind(kind)));
  const found = new Set(kinds.map(groupKind));
  const unserved = [...groupKinds].filter((each) => !found.has(each));
  return {
    format: recordFormat,
    graph: nameOf(run),
    instance: run.instance.name,
    mode: run.mode,
    revision: 0,
    phase: 'applying',
    kinds: [...kinds.map(({ apiVersion, kind }) => `${apiVersion}/${kind}`), ...unserved.map(someEntryOf)],
    namespaces: [run.identity.namespace, ...listOf(annotations[keys.namespaces])],
    revisions: [],
    slots: run.historyMax + 1,
    salvaged: true,
  };
}

function listOf(text = ''): readonly string[] {
  return text.split(',').filter(Boolean);
}

function newSalt(): string {
  return randomBytes(24).toString('base64url');
}

/** Tells a record that was edited from one that was written; it keeps nobody out who reads the salt beside it. */
function sumOf(packed: Buffer, salt: string): string {
  return createHmac('sha256', salt).update(packed).digest('hex');
}

/** Writes the record; fails when somebody else wrote it since `previous`. */
export async function writeRecord(
  run: Run,
  previous: StoredRecord,
  { salvaged: _salvaged, ...record }: DeployRecord,
): Promise<StoredRecord> {
  const packed = gzipSync(JSON.stringify(record), { level: 6 });
  const annotations = {
    [keys.tooling]: tooling,
    [keys.groupKinds]: [...new Set(record.kinds.map(groupKindOfEntry))].sort().join(','),
    [keys.namespaces]: record.namespaces
      .filter((namespace) => namespace !== run.identity.namespace)
      .sort()
      .join(','),
  };
  refuseTooLarge(run, packed, annotations);
  const text = (value: string): string => Buffer.from(value).toString('base64');
  const object: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: run.identity.name,
      namespace: run.identity.namespace,
      // A version that cannot be: the object is created, or there is one already and this fails.
      resourceVersion: previous.resourceVersion ?? '1',
      labels: { [keys.id]: run.identity.id },
      annotations,
    },
    type: recordType,
    data: { salt: text(previous.salt), record: packed.toString('base64'), sum: text(sumOf(packed, previous.salt)) },
  };
  const { uid, resourceVersion } = (await sendRecord(run, object)).metadata;
  return { salt: previous.salt, record, ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
}

function sendRecord(run: Run, object: KubernetesObject): Promise<KubernetesObject> {
  const once = async (): Promise<KubernetesObject> => {
    try {
      return (await run.cluster.apply(object, { fieldManager, force: true })).object;
    } catch (error) {
      if (!isApiError(error, 'Conflict')) throw error;
      // The answer to an earlier try was lost.
      const found = await run.cluster.get(recordRef(run), { signal: run.signal });
      if (found && canonical(found['data']) === canonical(object['data'])) return found;
      throw error;
    }
  };
  return retrying(once, { signal: run.signal });
}

function groupKindOfEntry(entry: string): string {
  return groupKind(parseKind(entry));
}

/** A kind that is not served in any version for now. */
function someEntryOf(text: string): string {
  const [kind, ...group] = text.split('.');
  return [...(group.length > 0 ? [group.join('.')] : []), 'v1', kind].join('/');
}

/** `apps/v1/Deployment` and `v1/ConfigMap`, as records name kinds. */
export function parseKind(entry: string): { apiVersion: string; kind: string } {
  const slash = entry.lastIndexOf('/');
  return { apiVersion: entry.slice(0, slash), kind: entry.slice(slash + 1) };
}

function refuseTooLarge(run: Run, packed: Buffer, annotations: Readonly<Record<string, string>>): void {
  const ofAnnotations = Object.values(annotations).join('').length;
  if (packed.length <= dataLimit && ofAnnotations <= annotationLimit) return;
  throw new KubewrightError({
    code: 'RecordTooLarge',
    resource: `Secret ${run.identity.namespace}/${run.identity.name}`,
    message: `the names of all kinds and namespaces of the deployment take ${Math.max(packed.length, ofAnnotations)} bytes, more than a Secret holds`,
    hint: 'Split the graph into several instances.',
  });
}
