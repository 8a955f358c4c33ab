import { randomBytes } from 'node:crypto';
import { userInfo, hostname } from 'node:os';
import { gunzipSync, gzipSync } from 'node:zlib';
import { isApiError } from '../cluster/api-error.ts';
import type { KindReference, KubernetesObject, ObjectReference } from '../cluster/cluster.ts';
import { KubewrightError } from '../errors.ts';
import { fieldManager, groupKind, keys, tooling } from './identity.ts';
import { canonical } from './intent.ts';
import type { Mode } from './options.ts';
import { retrying } from './retry.ts';
import type { Run } from './run.ts';

/** One object that a deployment made, with all that deleting it needs. */
export interface RecordedObject {
  readonly path: string;
  readonly label: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
  /** Depth in the order of applying: deleted from the highest. */
  readonly wave: number;
  readonly keep?: true;
}

/** What a deployment leaves behind about itself. */
export interface DeployRecord {
  readonly graph: string;
  readonly instance: string;
  readonly mode: Mode;
  readonly revision: number;
  /** `applying` until everything was ready and pruned: objects may exist that are not listed. */
  readonly phase: 'applying' | 'deployed' | 'destroying';
  readonly at: string;
  readonly by: string;
  readonly objects: readonly RecordedObject[];
  /** Everything that may hold objects of this deployment, as `apiVersion/Kind`. */
  readonly kinds: readonly string[];
  readonly namespaces: readonly string[];
  /** kro mode: the kind of the instance, which an environment may change. */
  readonly instanceKind?: KindReference;
  /** Set while objects change hands from one mode to the other. */
  readonly migrating?: { readonly from: Mode; readonly instanceKind?: KindReference | undefined };
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
}

// A Secret holds 1 MiB, base64 takes a third of it.
const chunkSize = 700_000;

export function recordRef(run: Run): ObjectReference {
  return { apiVersion: 'v1', kind: 'Secret', name: run.identity.name, namespace: run.identity.namespace };
}

/** Reads the record; where there is none, a new one is prepared. */
export async function readRecord(run: Run): Promise<StoredRecord> {
  const secret = await run.cluster.get(recordRef(run), { signal: run.signal });
  if (!secret) return { salt: randomBytes(24).toString('base64url') };
  refuseForeign(run, secret);
  const { uid, resourceVersion } = secret.metadata;
  const { salt, record } = parse(run, secret);
  return { salt, ...(record && { record }), ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
}

function refuseForeign(run: Run, secret: KubernetesObject): void {
  const tool = secret.metadata.annotations?.[keys.tooling];
  const id = secret.metadata.labels?.[keys.id];
  if (tool === tooling && id === run.identity.id) return;
  throw new KubewrightError({
    code: 'ForeignRecord',
    resource: `Secret ${run.identity.namespace}/${run.identity.name}`,
    message:
      tool === tooling
        ? `its label ${keys.id} is ${String(id)}, not ${run.identity.id}`
        : `belongs to ${tool ?? 'somebody else'}`,
    hint: 'Delete or rename it, or give the instance another name.',
  });
}

function parse(run: Run, secret: KubernetesObject): { salt: string; record: DeployRecord | undefined } {
  const data = (secret['data'] ?? {}) as Record<string, string>;
  const salt = Buffer.from(data['salt'] ?? '', 'base64').toString() || randomBytes(24).toString('base64url');
  try {
    return {
      salt,
      record: JSON.parse(gunzipSync(Buffer.from(data['record'] ?? '', 'base64')).toString()) as DeployRecord,
    };
  } catch {
    // The annotations still say where objects may be, so nothing is lost but their order.
    run.emit({
      type: 'warning',
      message: `Secret ${run.identity.namespace}/${run.identity.name}: the record in it cannot be read. It is written anew.`,
    });
    return { salt, record: undefined };
  }
}

/** Writes the record; fails when somebody else wrote it since `previous`. */
export async function writeRecord(run: Run, previous: StoredRecord, record: DeployRecord): Promise<StoredRecord> {
  const packed = gzipSync(JSON.stringify(record), { level: 6 });
  if (packed.length > chunkSize) throw tooLarge(run, packed.length);
  const object: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: run.identity.name,
      namespace: run.identity.namespace,
      // A version that cannot be: the object is created, or there is one already and this fails.
      resourceVersion: previous.resourceVersion ?? '1',
      labels: { [keys.id]: run.identity.id },
      annotations: {
        [keys.tooling]: tooling,
        [keys.groupKinds]: record.kinds.map(groupKindOfEntry).sort().join(','),
        [keys.namespaces]: record.namespaces
          .filter((namespace) => namespace !== run.identity.namespace)
          .sort()
          .join(','),
      },
    },
    type: 'kubewright.dev/record',
    data: { salt: Buffer.from(previous.salt).toString('base64'), record: packed.toString('base64') },
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

/** `apps/v1/Deployment` and `v1/ConfigMap`, as records name kinds. */
export function parseKind(entry: string): { apiVersion: string; kind: string } {
  const slash = entry.lastIndexOf('/');
  return { apiVersion: entry.slice(0, slash), kind: entry.slice(slash + 1) };
}

/** Who runs this, for people who read the record. */
export function author(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return hostname();
  }
}

function tooLarge(run: Run, size: number): KubewrightError {
  return new KubewrightError({
    code: 'RecordTooLarge',
    resource: `Secret ${run.identity.namespace}/${run.identity.name}`,
    message: `the record of the deployment takes ${size} bytes, more than a Secret holds`,
    hint: 'Split the graph into several instances.',
  });
}
