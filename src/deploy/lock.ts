import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { isApiError } from '../cluster/api-error.ts';
import type { KubernetesObject, ObjectReference } from '../cluster/cluster.ts';
import { KubewrightError } from '../errors.ts';
import { retrying } from './retry.ts';
import { stopped, subject, type Run } from './run.ts';

const durationSeconds = 15;
const renewMs = 5_000;
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

/**
 * Runs `work` while nobody else works on this instance. A lock whose holder stopped renewing it is taken over after
 * 15 s as this machine counts them, so clocks need not agree; one of a process that died on this machine, at once.
 */
export async function withLock<T>(run: Run, work: () => Promise<T>): Promise<T> {
  const holder = `${hostname()}/${process.pid}/${randomBytes(6).toString('hex')}`;
  const lock = holdLock(run, await acquire(run, holder));
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

/** Renews the lock, and stops the run when somebody else may have it. */
function holdLock(run: Run, acquired: KubernetesObject): HeldLock {
  let lease = acquired;
  let lost: KubewrightError | undefined;
  let renewedAt = performance.now();
  let renewing: Promise<void> = Promise.resolve();
  const lose = (how: 'taken' | 'deleted', cause?: unknown): void => {
    lost = lockLost(run, how, cause);
    run.stop(lost);
  };
  const renewOnce = async (): Promise<void> => {
    const startedAt = performance.now();
    try {
      const renewed = await renew(run, lease);
      if (typeof renewed === 'string') return lose(renewed);
      lease = renewed;
      renewedAt = startedAt;
    } catch (error) {
      // Others wait as long after the last renewal that they saw before they take it.
      if (performance.now() - renewedAt > durationSeconds * 1000) lose('taken', error);
    }
  };
  const timer = setInterval(() => void (renewing = renewOnce()), renewMs);
  timer.unref();
  return {
    lost: () => lost,
    async release() {
      clearInterval(timer);
      await renewing;
      await release(run, lease);
    },
  };
}

/** Whether a lock is there: of a run that works, or of one that was killed and left nothing else. */
export async function isLocked(run: Run): Promise<boolean> {
  return (await run.cluster.get(leaseRef(run), { signal: run.signal })) !== undefined;
}

/** Whether a run may be under way: its lock is there, and it is not that of a process of this machine that died. */
export async function isHeld(run: Run): Promise<boolean> {
  const lease = await run.cluster.get(leaseRef(run), { signal: run.signal });
  return lease !== undefined && !isDead(lease);
}

async function acquire(run: Run, holder: string): Promise<KubernetesObject> {
  const body = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: run.identity.name, namespace: run.identity.namespace },
    spec: leaseSpec(holder),
  };
  let seen: Sighting | undefined;
  for (;;) {
    try {
      return await retrying(() => run.cluster.create(body), { signal: run.signal });
    } catch (error) {
      if (!isApiError(error, 'AlreadyExists')) throw error;
    }
    const other = await run.cluster.get(leaseRef(run), { signal: run.signal });
    if (!other) continue;
    // The answer to our own request was lost.
    if (holderOf(other) === holder) return other;
    const version = other.metadata.resourceVersion;
    if (!seen) run.emit({ type: 'lock', holder: holderOf(other) });
    const sighting: Sighting = seen && seen.version === version ? seen : { version, since: performance.now() };
    seen = sighting;
    if (isDead(other) || performance.now() - sighting.since > durationSeconds * 1000) {
      const taken = await takeOver(run, other, holder);
      if (taken) return taken;
    }
    if (run.signal.aborted) throw stopped(run, [`another run by ${holderOf(other)} holds the lock`]);
    await sleep(pollMs, undefined, { signal: run.signal }).catch(() => undefined);
  }
}

async function takeOver(run: Run, other: KubernetesObject, holder: string): Promise<KubernetesObject | undefined> {
  try {
    return await retrying(() => run.cluster.update({ ...other, spec: leaseSpec(holder) }), { signal: run.signal });
  } catch (error) {
    if (isApiError(error, 'Conflict', 'NotFound')) return undefined;
    throw error;
  }
}

async function renew(run: Run, lease: KubernetesObject): Promise<KubernetesObject | 'taken' | 'deleted'> {
  try {
    return await run.cluster.update({ ...lease, spec: leaseSpec(holderOf(lease)) });
  } catch (error) {
    if (!isApiError(error, 'Conflict', 'NotFound')) throw error;
    const now = await run.cluster.get(leaseRef(run));
    if (!now) return 'deleted';
    // The answer to an earlier renewal was lost.
    return holderOf(now) === holderOf(lease) ? now : 'taken';
  }
}

async function release(run: Run, lease: KubernetesObject): Promise<void> {
  const { uid, resourceVersion } = lease.metadata;
  try {
    // The run may have been stopped, so its signal says nothing here. A server that is gone is not waited for.
    await retrying(() => run.cluster.delete(leaseRef(run), { uid, resourceVersion }), {
      signal: AbortSignal.timeout(releaseMs),
      heals: (error) => isApiError(error, 'TooManyRequests', 'ServerError'),
    });
  } catch {
    // It expires by itself; the outcome of the work matters more.
  }
}

/** A holder on this machine whose process is gone will not come back. */
function isDead(lease: KubernetesObject): boolean {
  const [host, pid] = holderOf(lease).split('/');
  if (host !== hostname() || !pid) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
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
