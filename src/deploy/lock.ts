import { setTimeout as sleep } from 'node:timers/promises';
import { isApiError } from '../cluster/api-error.ts';
import type { KubernetesObject, ObjectReference } from '../cluster/cluster.ts';
import { KubewrightError } from '../errors.ts';
import { holderName, holderText, isGone } from './holder.ts';
import { retrying } from './retry.ts';
import { stopped, subject, type Run } from './run.ts';

const durationSeconds = 15;
/** So long after its last renewal a run stops: what it has sent by then arrives before anybody else writes. */
const safeMs = 12_000;
const renewMs = 4_000;
const renewAgainMs = 500;
/** A request for the lock that takes longer is given up: a renewal that hangs must leave time for another one. */
const timeoutMs = 4_000;
const pollMs = 500;
const releaseMs = 10_000;

/** A version of the lock and when it was first seen. */
interface Sighting {
  readonly version: string | undefined;
  readonly since: number;
}

interface LeaseSpec {
  readonly holderIdentity?: string;
}

/** The lock as we wrote it last. Others count from a time after `sentAt`. */
interface Hold {
  readonly lease: KubernetesObject;
  readonly sentAt: number;
}

/**
 * Runs `work` while nobody else works on this instance. A lock whose holder stopped renewing it is taken over after
 * 15 s as this machine counts them, so clocks need not agree; one of a process that can be seen from here to have ended, at once.
 */
export async function withLock<T>(run: Run, work: () => Promise<T>): Promise<T> {
  const lock = keepLock(run, await acquire(run, holderText()));
  try {
    return await work();
  } catch (error) {
    // The run was stopped because of it.
    throw lock.lost() ?? error;
  } finally {
    await lock.release();
  }
}

interface HeldLock {
  readonly lost: () => KubewrightError | undefined;
  readonly release: () => Promise<void>;
}

/** Renews the lock, and stops the run when somebody else has it, or before anybody can. */
function keepLock(run: Run, acquired: Hold): HeldLock {
  let hold = acquired;
  let lost: KubewrightError | undefined;
  let failure: unknown;
  const ended = new AbortController();
  const lose = (how: 'taken' | 'deleted'): void => {
    lost ??= lockLost(run, how, failure);
    run.stop(lost);
    ended.abort();
  };
  let deadline: NodeJS.Timeout | undefined;
  const expectLoss = (): void => {
    clearTimeout(deadline);
    deadline = setTimeout(() => lose('taken'), hold.sentAt + safeMs - performance.now());
  };
  const renewOnce = async (): Promise<void> => {
    try {
      const renewed = await renew(run, hold.lease);
      failure = undefined;
      if (typeof renewed === 'string') return lose(renewed);
      hold = renewed;
      if (!ended.signal.aborted) expectLoss();
    } catch (error) {
      failure = error;
    }
  };
  const renewing = (async (): Promise<void> => {
    for (;;) {
      const pause = failure ? renewAgainMs : renewMs;
      await sleep(pause, undefined, { signal: ended.signal, ref: false }).catch(() => undefined);
      if (ended.signal.aborted) return;
      await renewOnce();
    }
  })();
  expectLoss();
  return {
    lost: () => lost,
    async release() {
      ended.abort();
      clearTimeout(deadline);
      await renewing;
      if (!lost) await release(run, hold.lease);
    },
  };
}

/** Whether a lock is there: of a run that works, or of one that was killed and left nothing else. */
export async function isLocked(run: Run): Promise<boolean> {
  return (await run.cluster.get(leaseRef(run), { signal: run.signal })) !== undefined;
}

/** Who works, as it holds the lock: `user@host/pid`. Nobody when that is a process that is seen to have ended. */
export async function lockHolder(run: Run): Promise<string | undefined> {
  const lease = await run.cluster.get(leaseRef(run), { signal: run.signal });
  return lease && !isGone(holderOf(lease)) ? holderName(holderOf(lease)) : undefined;
}

async function acquire(run: Run, holder: string): Promise<Hold> {
  const body = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: run.identity.name, namespace: run.identity.namespace },
    spec: leaseSpec(holder),
  };
  let seen: Sighting | undefined;
  for (;;) {
    try {
      return await retrying(() => held(() => run.cluster.create(body, { timeoutMs })), { signal: run.signal });
    } catch (error) {
      if (!isApiError(error, 'AlreadyExists')) throw error;
    }
    const other = await run.cluster.get(leaseRef(run), { signal: run.signal });
    if (!other) continue;
    // The answer to our own request was lost: nobody knows when it was done.
    const isOurs = holderOf(other) === holder;
    const version = other.metadata.resourceVersion;
    if (!seen && !isOurs) run.emit({ type: 'lock', holder: holderName(holderOf(other)) });
    const sighting: Sighting = seen && seen.version === version ? seen : { version, since: performance.now() };
    seen = sighting;
    if (isOurs || isGone(holderOf(other)) || performance.now() - sighting.since > durationSeconds * 1000) {
      const taken = await takeOver(run, other, holder);
      if (taken) return taken;
    }
    if (run.signal.aborted) throw stopped(run, [`another run by ${holderName(holderOf(other))} holds the lock`]);
    await sleep(pollMs, undefined, { signal: run.signal }).catch(() => undefined);
  }
}

async function takeOver(run: Run, other: KubernetesObject, holder: string): Promise<Hold | undefined> {
  try {
    return await retrying(() => write(run, other, holder), { signal: run.signal });
  } catch (error) {
    if (isApiError(error, 'Conflict', 'NotFound')) return undefined;
    throw error;
  }
}

async function renew(run: Run, lease: KubernetesObject): Promise<Hold | 'taken' | 'deleted'> {
  try {
    return await write(run, lease, holderOf(lease));
  } catch (error) {
    if (!isApiError(error, 'Conflict', 'NotFound')) throw error;
    const now = await run.cluster.get(leaseRef(run), { timeoutMs });
    if (!now) return 'deleted';
    // The answer to an earlier renewal was lost.
    return holderOf(now) === holderOf(lease) ? write(run, now, holderOf(lease)) : 'taken';
  }
}

function write(run: Run, lease: KubernetesObject, holder: string): Promise<Hold> {
  return held(() => run.cluster.update({ ...lease, spec: leaseSpec(holder) }, { timeoutMs }));
}

async function held(send: () => Promise<KubernetesObject>): Promise<Hold> {
  const sentAt = performance.now();
  return { lease: await send(), sentAt };
}

async function release(run: Run, lease: KubernetesObject): Promise<void> {
  const remove = ({ metadata: { uid, resourceVersion } }: KubernetesObject): Promise<unknown> =>
    run.cluster.delete(leaseRef(run), { uid, resourceVersion });
  const once = async (): Promise<void> => {
    try {
      await remove(lease);
    } catch (error) {
      if (!isApiError(error, 'Conflict')) throw error;
      const now = await run.cluster.get(leaseRef(run), { timeoutMs });
      // The answer to a renewal was lost.
      if (now && holderOf(now) === holderOf(lease)) await remove(now);
    }
  };
  try {
    // The run may have been stopped, so its signal says nothing here. A server that is gone is not waited for.
    await retrying(once, {
      signal: AbortSignal.timeout(releaseMs),
      heals: (error) => isApiError(error, 'TooManyRequests', 'ServerError'),
    });
  } catch {
    // It expires by itself; the outcome of the work matters more.
  }
}

function holderOf(lease: KubernetesObject): string {
  return ((lease['spec'] ?? {}) as LeaseSpec).holderIdentity ?? 'somebody';
}

function leaseSpec(holder: string): Record<string, unknown> {
  const now = new Date().toISOString().replace(/Z$/, '000Z');
  return { holderIdentity: holder, leaseDurationSeconds: durationSeconds, acquireTime: now, renewTime: now };
}

function leaseRef(run: Run): ObjectReference {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    name: run.identity.name,
    namespace: run.identity.namespace,
  };
}

function lockLost(run: Run, how: 'taken' | 'deleted', cause: unknown): KubewrightError {
  const deleted = how === 'deleted';
  return new KubewrightError({
    code: 'LockLost',
    resource: subject(run),
    message: deleted
      ? `its lock was deleted while it worked, as when the namespace ${run.identity.namespace} is terminating: it stopped before its next write`
      : 'another run took the lock while this one worked, or may have: it stopped before its next write',
    hint: deleted ? 'Run it again.' : 'Run it again when the other one has ended.',
    cause,
  });
}
