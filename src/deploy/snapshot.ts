import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { KubernetesObject, ObjectReference } from '../cluster/cluster.ts';
import { KubewrightError } from '../errors.ts';
import type { InstanceValues } from '../resolve/resolution.ts';
import { fieldManager, keyOf, keys, refOf } from './identity.ts';
import type { DeployRecord } from './record.ts';
import { retrying } from './retry.ts';
import type { Run } from './run.ts';

/** One object as a deployment made it: what finding, deleting and restoring it takes. */
export interface RecordedObject {
  readonly path: string;
  readonly label: string;
  readonly index?: number;
  /** Depth in the order of applying: deleted from the highest. */
  readonly wave: number;
  /** The very object that was made. */
  readonly uid?: string;
  readonly keep?: true;
  /** No longer in the graph and left alone; no rollback makes it again. */
  readonly left?: true;
  /** Paths that have to be there first, and of these the ones that have to be ready. */
  readonly needs?: readonly string[];
  readonly after?: readonly string[];
  /** As it was asked for, without what we add. */
  readonly object: KubernetesObject;
}

/** What a revision consisted of. */
export interface Snapshot {
  readonly objects: readonly RecordedObject[];
  /** Absent when they are not known. */
  readonly values?: InstanceValues | undefined;
}

/** Where the content of a revision is written down. */
export interface SnapshotRef {
  readonly revision: number;
  /** Part of the names of its Secrets: few names come again and again, so that a Role can name them. */
  readonly slot: number;
  /** How many Secrets it takes. */
  readonly chunks: number;
  readonly digest: string;
  readonly objects: number;
}

// A Secret holds 1 MiB.
const chunkSize = 700_000;
const chunkType = 'kubewright.dev/record-chunk';
const [pack, unpack] = [promisify(gzip), promisify(gunzip)];

/**
 * Writes the content of a revision into as many Secrets as they take. Until the record names them they mean nothing, so a run that is killed
 * between two of them leaves a record that can be read.
 */
export async function writeSnapshot(
  run: Run,
  { owner, ...place }: Pick<SnapshotRef, 'revision' | 'slot'> & { readonly owner: string },
  { objects, values }: Snapshot,
): Promise<SnapshotRef> {
  const packed = await pack(JSON.stringify({ objects, values }), { level: 6 });
  const digest = createHash('sha256').update(packed).digest('hex');
  const ref = { ...place, chunks: Math.ceil(packed.length / chunkSize), digest, objects: objects.length };
  // One after the other, so that there is none without those before it.
  for (const [index, chunk] of chunkRefs(run, ref).entries()) {
    const part = packed.subarray(index * chunkSize, (index + 1) * chunkSize);
    const object = chunkObject(run, chunk, { owner, part });
    await retrying(() => run.cluster.apply(object, { fieldManager, force: true }), { signal: run.signal });
  }
  return ref;
}

function chunkObject(
  run: Run,
  { name, namespace = '' }: ObjectReference,
  { owner, part }: { readonly owner: string; readonly part: Buffer },
): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      namespace,
      labels: { [keys.record]: run.identity.id },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Secret', name: run.identity.name, uid: owner }],
    },
    type: chunkType,
    data: { part: part.toString('base64') },
  };
}

/** @throws KubewrightError `DamagedRecord` when a part is missing or is not what was written */
export async function readSnapshot(run: Run, ref: SnapshotRef): Promise<Snapshot> {
  const parts = await Promise.all(
    chunkRefs(run, ref).map(async (chunk) => {
      const secret = await run.pool.run(() => run.cluster.get(chunk, { signal: run.signal }));
      if (!secret) throw damagedSnapshot(ref, chunk, 'it does not exist');
      return Buffer.from((secret['data'] as { readonly part?: string } | undefined)?.part ?? '', 'base64');
    }),
  );
  const packed = Buffer.concat(parts);
  if (createHash('sha256').update(packed).digest('hex') !== ref.digest) {
    const [first] = chunkRefs(run, ref) as [ObjectReference];
    const others = ref.chunks > 1 ? `, or one of the ${ref.chunks - 1} after it,` : '';
    throw damagedSnapshot(ref, first, `it${others} is not what was written: somebody edited or truncated it`);
  }
  const content = JSON.parse((await unpack(packed)).toString()) as Snapshot | Snapshot['objects'];
  // Earlier versions wrote the objects alone.
  return 'objects' in content ? content : { objects: content };
}

function damagedSnapshot(
  { revision }: SnapshotRef,
  { namespace, name }: ObjectReference,
  reason: string,
): KubewrightError {
  return new KubewrightError({
    code: 'DamagedRecord',
    resource: `Secret ${namespace}/${name}`,
    message: `the objects of revision ${revision} cannot be read from it: ${reason}`,
    hint: 'Restore it from a backup, or choose another revision; what is there now is written anew by a deployment with --repair-record.',
  });
}

/** The parts of a snapshot, in order. */
function chunkRefs(
  run: Pick<Run, 'identity'>,
  { slot, chunks }: Pick<SnapshotRef, 'slot' | 'chunks'>,
): readonly ObjectReference[] {
  return Array.from({ length: chunks }, (_, index) => chunkRef(run, slot, index));
}

/** The names of all parts that a record may have, and of the first one that it has not: snapshots grow by a part at a time. */
export function chunkNames(
  run: Pick<Run, 'identity' | 'historyMax'>,
  record: DeployRecord | undefined,
): readonly string[] {
  const slots = Math.max(record?.slots ?? 0, run.historyMax + 1);
  const chunks = 1 + Math.max(1, ...(record?.revisions ?? []).map(({ snapshot }) => snapshot?.chunks ?? 0));
  return Array.from({ length: slots }, (_, slot) => chunkRefs(run, { slot, chunks }).map(({ name }) => name)).flat();
}

function chunkRef(
  { identity: { name, namespace } }: Pick<Run, 'identity'>,
  slot: number,
  index: number,
): ObjectReference {
  return { apiVersion: 'v1', kind: 'Secret', namespace, name: `${name}.${slot}-${index}` };
}

/** Deletes what is in some slots, and what runs left there that were killed before the record named it. */
export async function clearSlots(run: Run, slots: readonly number[]): Promise<void> {
  await Promise.all(
    slots.map(async (slot) => {
      let count = 0;
      while (await run.cluster.get(chunkRef(run, slot, count), { signal: run.signal })) count += 1;
      for (const chunk of chunkRefs(run, { slot, chunks: count }).toReversed())
        await retrying(() => run.cluster.delete(chunk), { signal: run.signal });
    }),
  );
}

/** Objects by their identity in the cluster. */
export function byKey(objects: readonly RecordedObject[]): ReadonlyMap<string, RecordedObject> {
  return new Map(objects.map((entry) => [keyOf(refOf(entry.object)), entry]));
}
