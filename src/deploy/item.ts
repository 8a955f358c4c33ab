import type { ListQuery } from '../cluster/cluster.ts';
import type { Desired } from './desired.ts';
import type { ChangeAction, DeployedObject, ObjectAddress } from './options.ts';
import type { Verdict } from './readiness/verdict.ts';

/** Where one object stands during a deployment. */
export interface Item {
  desired: Desired;
  /** `blocked`: its turn has not come; `settled`: it is as the graph wants it. */
  state: 'blocked' | 'writing' | 'settled' | 'failed';
  action: DeployedObject['action'];
  verdict: Verdict | undefined;
  /** When it was settled, by `performance.now()`. */
  since: number;
  error?: unknown;
}

const outcomes: Readonly<Record<ChangeAction, DeployedObject['action']>> = {
  create: 'created',
  update: 'updated',
  replace: 'replaced',
  unchanged: 'unchanged',
  adopt: 'adopted',
  delete: 'deleted',
  check: 'checked',
};

export function outcomeOf(action: ChangeAction): DeployedObject['action'] {
  return outcomes[action];
}

export function newItem(desired: Desired): Item {
  return { desired, state: 'blocked', action: 'unchanged', verdict: undefined, since: 0 };
}

export function addressOf({ label, apiVersion, kind, namespace, name }: ObjectAddress): ObjectAddress {
  return namespace === undefined ? { label, apiVersion, kind, name } : { label, apiVersion, kind, namespace, name };
}

export function scopeOf({ apiVersion, kind, namespace }: Desired): ListQuery {
  return { apiVersion, kind, namespace };
}

/** Ready, or waited for as long as anybody reports on such an object. */
export function isReady({ verdict, since, state }: Item, now: number = performance.now()): boolean {
  if (state !== 'settled' || !verdict) return false;
  if (verdict.state === 'ready') return true;
  return verdict.state === 'waiting' && verdict.graceMs !== undefined && now - since >= verdict.graceMs;
}
