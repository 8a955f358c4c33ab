import type { DeployEvent, ObjectAddress, PlannedChange } from '../deploy/options.ts';

/** Where a resource stands, for people. */
export type RowState = 'queued' | 'pending' | 'retrying' | 'waiting' | 'failing' | 'ready' | 'deleting' | 'deleted';

/** One resource of a deployment. */
export interface Row {
  /** What the graph calls it: `shop/workers[2]`. */
  readonly label: string;
  /** `Deployment user-service`, or the label of a resource whose name is not known yet. */
  readonly title: string;
  state: RowState;
  /** When it came into this state, by `performance.now()`. */
  since: number;
  reason: string | undefined;
  /** When it was first in the way: written, or waited for. */
  begun: number | undefined;
  /** Nothing was done to it. */
  unchanged: boolean;
}

/** A change of state that is worth a line. */
export interface Transition {
  readonly row: Row;
  /** `created`, `ready`, `waits`, … */
  readonly word: string;
  /** Milliseconds since the resource was first written or waited for. */
  readonly after: number | undefined;
}

/** All resources of a deployment, kept up to date by what happens. */
export class DeployRows {
  readonly #rows = new Map<string, Row>();
  readonly startedAt: number;

  /** Namespace of the instance: the one that goes without saying. */
  readonly #namespace: string | undefined;

  constructor(now: number, namespace: string | undefined) {
    this.startedAt = now;
    this.#namespace = namespace;
  }

  all(): Iterable<Row> {
    return this.#rows.values();
  }

  /** Takes an event in; gives the change that it is, unless it says nothing new. */
  take(event: DeployEvent, now: number): Transition | undefined {
    switch (event.type) {
      case 'plan':
        for (const change of event.plan.changes) this.#planned(change, now);
        for (const { path, reason } of event.plan.pending)
          this.#move(this.#pendingRow(path, now), 'pending', reason, now);
        return undefined;
      case 'pending':
        return this.#told(this.#pendingRow(event.path, now), 'pending', event.reason, now);
      case 'waiting': {
        const row = this.#row(event.object, now);
        return this.#told(row, row.state === 'deleting' ? 'deleting' : 'waiting', event.reason, now);
      }
      case 'problem':
        return this.#told(this.#row(event.object, now), 'failing', event.reason, now);
      case 'retry':
        return this.#told(this.#row(event.object, now), 'retrying', event.reason, now);
      case 'ready':
        return this.#ready(this.#row(event.object, now), now);
      case 'object':
        return this.#acted(event, now);
      case 'namespace':
        if (event.action !== 'deleted') return undefined;
        return this.#acted({ type: 'object', object: namespaceAddress(event.name), action: 'deleted' }, now);
      default:
        return undefined;
    }
  }

  #planned(change: PlannedChange, now: number): void {
    const row = this.#row(change, now);
    row.unchanged = change.action === 'unchanged' || change.action === 'check';
    if (change.action === 'delete') row.state = 'deleting';
  }

  #row(object: ObjectAddress, now: number): Row {
    const { label, kind, name, namespace = '' } = object;
    const key = `${kind}/${namespace}/${name}`;
    const known = this.#rows.get(key);
    if (known) return known;
    // It, or what it is part of, was there as one whose content was not known.
    for (const path of [label, ...groupsOf(label)]) this.#forget(path);
    const place = namespace === '' || namespace === this.#namespace ? '' : `${namespace}/`;
    return this.#add(key, { label, title: `${kind} ${place}${name}` }, now);
  }

  #forget(path: string): void {
    const row = this.#rows.get(path);
    if (row) row.state = 'queued';
    this.#rows.delete(path);
  }

  #pendingRow(path: string, now: number): Row {
    return this.#rows.get(path) ?? this.#add(path, { label: path, title: path }, now);
  }

  #add(key: string, { label, title }: Pick<Row, 'label' | 'title'>, now: number): Row {
    const row: Row = {
      label,
      title,
      state: 'queued',
      since: now,
      reason: undefined,
      begun: undefined,
      unchanged: false,
    };
    this.#rows.set(key, row);
    return row;
  }

  #acted({ object, action }: Extract<DeployEvent, { type: 'object' }>, now: number): Transition | undefined {
    const row = this.#row(object, now);
    if (action === 'unchanged' || action === 'checked') return undefined;
    const after = elapsed(row, now);
    row.begun ??= now;
    row.unchanged = false;
    this.#move(row, action === 'deleted' ? 'deleted' : 'waiting', undefined, now);
    return { row, word: action, after };
  }

  #ready(row: Row, now: number): Transition | undefined {
    const after = elapsed(row, now);
    const wasSeen = row.state !== 'queued' && row.reason !== undefined;
    this.#move(row, 'ready', undefined, now);
    return wasSeen ? { row, word: 'ready', after } : undefined;
  }

  #told(row: Row, state: RowState, reason: string, now: number): Transition | undefined {
    row.begun ??= now;
    if (row.state === state && row.reason === reason) return undefined;
    this.#move(row, state, reason, now);
    return { row, word: words[state] ?? state, after: undefined };
  }

  #move(row: Row, state: RowState, reason: string | undefined, now: number): void {
    if (row.state !== state) row.since = now;
    row.state = state;
    row.reason = reason;
  }
}

const words: Partial<Record<RowState, string>> = {
  pending: 'waits',
  waiting: 'waits',
  deleting: 'waits',
  retrying: 'retries',
  failing: 'fails',
};

/** Instances of other graphs and collections around a resource: `shop/workers[2]` ► `shop`, `shop/workers`. */
export function groupsOf(label: string): string[] {
  const groups: string[] = [];
  for (let slash = label.indexOf('/'); slash > 0; slash = label.indexOf('/', slash + 1))
    groups.push(label.slice(0, slash));
  const bracket = label.lastIndexOf('[');
  if (bracket > 0) groups.push(label.slice(0, bracket));
  return groups;
}

/** Whether it waits for something, and nothing is wrong yet. */
export function isWaiting({ state }: Row): boolean {
  return words[state] === 'waits';
}

function namespaceAddress(name: string): ObjectAddress {
  return { label: `namespace ${name}`, apiVersion: 'v1', kind: 'Namespace', name };
}

function elapsed({ begun }: Row, now: number): number | undefined {
  return begun === undefined ? undefined : now - begun;
}
