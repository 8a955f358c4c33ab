import type { Extent } from './inventory.ts';
import type { InstanceValues } from '../resolve/resolution.ts';
import { nameOf, recordFormat, recordRef, writeRecord, type DeployRecord, type StoredRecord } from './record.ts';
import { kindOfInstance } from './mode.ts';
import { retrying } from './retry.ts';
import { authorOf, changesOf, newRevision, reasonOf, retained, type Author, type Revision } from './revisions.ts';
import { isOutOfTime, type Run } from './run.ts';
import { clearSlots, writeSnapshot, type RecordedObject, type Snapshot, type SnapshotRef } from './snapshot.ts';
import { fitsRecord } from './update-rules.ts';

/** What a run says about itself in the record: before its first write, and at its end. */
export class Journal {
  readonly #run: Run;
  #stored: StoredRecord;
  readonly #entry: Revision;
  /** What an undone run goes back to: with nothing deployed there is nothing unfinished either. */
  readonly #before: Pick<DeployRecord, 'phase' | 'values'>;

  private constructor(run: Run, stored: StoredRecord, entry: Revision, before: DeployRecord | undefined) {
    this.#run = run;
    this.#stored = stored;
    this.#entry = entry;
    const phase = !before || before.phase === 'deployed' ? 'deployed' : 'applying';
    this.#before = { phase, ...withValues(before?.values) };
  }

  /** Before the first object: where objects may be, and what they are made of, so that a killed run leaves nothing unknown. */
  static async begin(
    run: Run,
    previous: StoredRecord,
    { values, ...extent }: Extent & Pick<Snapshot, 'values'>,
    by?: Author,
  ): Promise<Journal> {
    const { record } = previous;
    const author = by ?? (await authorOf(run));
    const restored = record?.revisions.find(({ number }) => number === run.rollbackTo);
    const entry = {
      ...newRevision(run, (record?.revision ?? 0) + 1, { salt: previous.salt, author }),
      ...(restored && { values: restored.values }),
    };
    const revisions = [...retained(record?.revisions ?? [], record?.inventory, run.historyMax), entry];
    const stored = await writeRecord(run, previous, {
      format: recordFormat,
      graph: nameOf(run),
      instance: run.instance.name,
      mode: run.mode,
      revision: entry.number,
      phase: 'applying',
      ...(run.mode === 'kro' && { instanceKind: kindOfInstance(run.graph) }),
      ...(record?.migrating && { migrating: record.migrating }),
      ...(record?.inventory && { inventory: record.inventory }),
      ...extent,
      ...withValues(values),
      revisions,
      slots: record?.slots ?? 0,
    });
    await clearSlots(run, obsoleteSlots(record, { revisions, inventory: record?.inventory }));
    return new Journal(run, stored, entry, record);
  }

  get stored(): StoredRecord {
    return this.#stored;
  }

  /** Objects may be in more places than was known at the beginning. */
  async extend(extent: Extent): Promise<void> {
    this.#stored = await writeRecord(this.#run, this.#stored, { ...this.#record(), ...extent });
  }

  /** Everything is as it should be. */
  async succeed(extent: Extent, content: Snapshot): Promise<void> {
    const entry = { ...this.#entry, result: 'deployed' as const, changes: changesOf(this.#run.written) };
    await this.#end(extent, content, { ...entry, content: this.#contentOf(entry) });
  }

  /** The run failed, and what was there before is there again: as far as it is known, what a run before left unfinished. */
  async undone(
    error: unknown,
    after: {
      readonly extent: Extent;
      readonly objects: readonly RecordedObject[];
      readonly content: number | undefined;
    },
  ): Promise<void> {
    const entry: Revision = {
      ...this.#entry,
      result: 'rolledBack',
      reason: reasonOf(this.#run, error),
      changes: changesOf(this.#run.written),
    };
    const { revisions } = this.#record();
    const of = revisions.find(({ number }) => number === after.content);
    const { values } = this.#before;
    if (of?.content !== undefined)
      return this.#end(after.extent, { objects: after.objects, values }, { ...entry, content: of.content });
    const { values: _values, ...record } = this.#with(entry);
    this.#stored = await writeRecord(this.#run, this.#stored, { ...record, ...this.#before });
  }

  /** The run failed; that it did is noted if it can be. */
  async fail(error: unknown): Promise<void> {
    const result = this.#run.signal.aborted && !isOutOfTime(this.#run) ? 'interrupted' : 'failed';
    const entry: Revision = {
      ...this.#entry,
      result,
      reason: reasonOf(this.#run, error),
      changes: changesOf(this.#run.written),
    };
    try {
      this.#stored = await writeRecord(this.#run, this.#stored, this.#with(entry));
    } catch {
      // What made the run fail matters more, and the next one takes an entry without an end for interrupted.
    }
  }

  async #end(extent: Extent, content: Snapshot, entry: Revision): Promise<void> {
    const owner = this.#stored.uid ?? '';
    const before = slotsOf(this.#record());
    const written = await writeInventory(this.#run, this.#record(), { owner, ...content });
    const { migrating: _migrating, values: _values, ...record } = this.#with({ ...entry, snapshot: written.inventory });
    const phase = entry.result === 'deployed' ? 'deployed' : this.#before.phase;
    this.#stored = await writeRecord(this.#run, this.#stored, {
      ...record,
      ...(phase === 'deployed' && extent),
      ...withValues(content.values),
      ...written,
      phase,
    });
    // What a change of the mode wrote down is no revision.
    const now = slotsOf(this.#record());
    await clearSlots(
      this.#run,
      [...before].filter((slot) => !now.has(slot)),
    );
  }

  #contentOf({ rollbackTo, number }: Revision): number {
    if (rollbackTo === undefined) return number;
    return this.#record().revisions.find((other) => other.number === rollbackTo)?.content ?? rollbackTo;
  }

  #with(entry: Revision): DeployRecord {
    const record = this.#record();
    return { ...record, revisions: record.revisions.map((each) => (each.number === entry.number ? entry : each)) };
  }

  #record(): DeployRecord {
    return this.#stored.record as DeployRecord;
  }
}

function withValues(values: InstanceValues | undefined): Pick<DeployRecord, 'values'> {
  return values && fitsRecord(values) ? { values } : {};
}

/** Writes down what there is; nothing that the record names is overwritten. */
export async function writeInventory(
  run: Run,
  record: DeployRecord,
  { owner, ...content }: Snapshot & { readonly owner: string },
): Promise<{ readonly inventory: SnapshotRef; readonly slots: number }> {
  const slot = freeSlot(record);
  const inventory = await writeSnapshot(run, { owner, slot, revision: record.revision }, content);
  return { inventory, slots: Math.max(record.slots, slot + 1) };
}

/** Slots of revisions that are forgotten, and where a run that was killed may have left something. */
function obsoleteSlots(before: DeployRecord | undefined, named: Named): readonly number[] {
  if (!before) return [];
  const used = slotsOf(named);
  const suspects = before.phase === 'deployed' ? [...slotsOf(before)] : [...Array(before.slots + 1).keys()];
  return suspects.filter((slot) => !used.has(slot));
}

/** The snapshots that a record names. */
interface Named {
  readonly revisions: readonly Revision[];
  readonly inventory?: SnapshotRef | undefined;
}

function slotsOf({ revisions, inventory }: Named): ReadonlySet<number> {
  const snapshots = [...revisions.map(({ snapshot }) => snapshot), inventory];
  return new Set(snapshots.flatMap((snapshot) => (snapshot ? [snapshot.slot] : [])));
}

function freeSlot(record: DeployRecord): number {
  const used = slotsOf(record);
  let slot = 0;
  while (used.has(slot)) slot += 1;
  return slot;
}

/**
 * Deletes the record and all its parts. A run that is killed in between leaves a record that names none of them.
 *
 * @param before as it was read first
 * @param now as it was written last
 */
export async function removeRecord(run: Run, before: StoredRecord, now: StoredRecord): Promise<void> {
  const slots = obsoleteSlots(before.record, { revisions: [] });
  if (now.record && slots.length > 0) {
    const { inventory: _inventory, ...rest } = now.record;
    await writeRecord(run, now, { ...rest, phase: 'destroying', revisions: [] });
    await clearSlots(run, slots);
  }
  await retrying(() => run.cluster.delete(recordRef(run)), { signal: run.signal });
}
