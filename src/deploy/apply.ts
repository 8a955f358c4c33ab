import { KubewrightError } from '../errors.ts';
import { isApiError, type ApiError } from '../cluster/api-error.ts';
import type { KubernetesObject } from '../cluster/cluster.ts';
import { givesWay, migrateManagers, withoutTools } from './adopt.ts';
import { conflictError, conflictFields, isFieldConflict, scaledToZero } from './conflict.ts';
import { foreignError, holderKinds, isOurs, losesData } from './decide.ts';
import type { Desired } from './desired.ts';
import { valueAt } from './field-path.ts';
import { handOver } from './hand-over.ts';
import { immutableError, isImmutable } from './immutable.ts';
import { describe, fieldManager, groupKind, keys } from './identity.ts';
import { canonical } from './intent.ts';
import { addressOf } from './item.ts';
import type { ChangeAction, DeployOptions } from './options.ts';
import { isCopy } from './ownership.ts';
import { explainRefusal } from './refused.ts';
import { isPassing, retrying } from './retry.ts';
import type { Run } from './run.ts';
import { keepSize } from './grown.ts';
import { isScaledByOthers } from './scalers.ts';
import { isTaken } from './take.ts';
import { tryCreation } from './trial.ts';

/** One object that has to be written, and what is known of it. */
export interface Task {
  readonly desired: Desired;
  readonly action: ChangeAction;
  /** As last seen; absent when it does not exist. */
  readonly live?: KubernetesObject | undefined;
  readonly options: Pick<DeployOptions, 'adopt' | 'take' | 'replace' | 'pruneAll'>;
  /** Whether an autoscaler of the graph scales it. */
  readonly autoscaled?: boolean;
  /** Whether what the server misses is on its way. */
  readonly mayAppear?: (error: ApiError) => boolean;
  /** Whether something changed a moment ago that decides whether it is accepted. */
  readonly mayBeAccepted?: boolean;
}

/** Servers look at such things in memory, which follows late. */
const acceptedWithinMs = 5_000;

/** Writes one object, patiently, and gives it as the server stored it. */
export async function applyTask(run: Run, task: Task): Promise<KubernetesObject> {
  const { desired, mayAppear, mayBeAccepted } = task;
  let acceptedBy: number | undefined;
  let current = task;
  let deleted = false;
  let outdated = false;
  const once = async (): Promise<KubernetesObject> => {
    run.signal.throwIfAborted();
    if (outdated) {
      current = await lookAgain(run, task);
      // Somebody made one meanwhile, or it is ours and only the answer was lost.
      deleted &&= current.action === 'create';
    }
    outdated = false;
    try {
      return await attempt(run, current, () => {
        deleted = true;
        current = { ...task, action: 'create', live: undefined };
      });
    } catch (error) {
      outdated = isOutdated(current, error);
      acceptedBy ??= performance.now() + (mayBeAccepted ? acceptedWithinMs : 0);
      throw error;
    }
  };
  const applying = retrying((attempt) => run.pool.run(once, { ahead: attempt > 0 }), {
    // Running writes are finished; only the waiting between them ends.
    signal: run.signal,
    heals: (error) =>
      outdated ||
      isPassing(error) ||
      error instanceof Terminating ||
      isTerminatingNamespace(error) ||
      isQuotaConflict(error) ||
      (isApiError(error, 'NotFound', 'KindNotServed') && mayAppear?.(error) === true) ||
      (isApiError(error, 'Invalid', 'Forbidden') && performance.now() < (acceptedBy ?? 0)),
    onRetry: (error) => run.emit({ type: 'retry', object: desired, reason: error.message }),
  });
  try {
    return await applying;
  } catch (error) {
    const refusal = await explainRefusal(run, desired, error);
    if (deleted) run.emit({ type: 'object', object: addressOf(desired), action: 'deleted' });
    throw deleted && isApiError(error) && error.status > 0 ? missingNow(desired, refusal) : refusal;
  }
}

/** The error of an object that was deleted to be made anew, and could not be made. */
function missingNow(desired: Desired, refusal: Error): KubewrightError {
  const { code = 'Invalid', path } = refusal as Partial<KubewrightError>;
  const reason = refusal.message.replace(/^[\s\S]*? is refused: /, '');
  return new KubewrightError({
    code,
    resource: desired.label,
    path,
    message: `${describe(desired)} was deleted to be made anew, and the new one was refused: it is missing now (${reason})`,
    hint: 'Correct what is refused and deploy again.',
    cause: refusal,
  });
}

/** What the server would store; nothing is written. */
export async function dryRun(run: Run, task: Task): Promise<KubernetesObject> {
  const { action, desired } = task;
  if (action === 'create') return send(run, desired, { dryRun: true });
  const after = await update(run, task, { dryRun: true });
  return action === 'adopt' ? withoutTools(run, task, after) : after;
}

async function attempt(run: Run, task: Task, onDelete: () => void): Promise<KubernetesObject> {
  if (task.action === 'create') return create(run, task);
  if (task.action === 'adopt') return adopt(run, task);
  try {
    return await update(run, task, {});
  } catch (error) {
    if (!mayReplace(task, error)) throw error;
    return replace(run, task, onDelete);
  }
}

/** What has to be done with what is there by now: it may be gone, or be somebody else's. */
async function lookAgain(run: Run, task: Task): Promise<Task> {
  const live = await run.cluster.get(task.desired);
  if (!live) return { ...task, action: 'create', live };
  if (live.metadata.deletionTimestamp) throw new Terminating(task.desired, live);
  // One that we were about to create is ours when the answer was lost, or when a run was killed.
  return { ...task, action: isOurs(run, live) && !isCopy(live) ? 'update' : 'adopt', live };
}

/** Whether what is there is another object, or another version of it, than was read. */
function isOutdated({ action }: Pick<Task, 'action'>, error: unknown): boolean {
  if (isApiError(error, 'Invalid')) return error.details.causes.some(({ field }) => field === 'metadata.uid');
  if (isApiError(error, 'NotFound')) return action === 'adopt';
  return isApiError(error, 'Conflict') && !isFieldConflict(error) && !isQuotaConflict(error);
}

/** Ownership moves with the version that was read. */
async function adopt(run: Run, task: Task): Promise<KubernetesObject> {
  const { desired, options, live } = task;
  if (!options.adopt) throw foreignError(desired, live as KubernetesObject);
  return update(run, { ...task, live: (await migrateManagers(run, task)) ?? live }, {});
}

/** Whether an object that cannot become what is wanted may be deleted and made anew. */
export function mayReplace({ desired, action, live, options }: Task, error: unknown): boolean {
  return (
    action === 'update' &&
    options.replace === true &&
    !desired.node.keep &&
    !holderKinds.includes(groupKind(desired)) &&
    (options.pruneAll === true || !live || !losesData(live)) &&
    (error as KubewrightError).code === 'Immutable'
  );
}

/** Its name is taken until the old one is gone; creating waits for that. */
async function replace(run: Run, task: Task, onDelete: () => void): Promise<KubernetesObject> {
  const { uid } = task.live?.metadata ?? {};
  await tryCreation(run, task.desired);
  await run.cluster.delete(task.desired, { uid, propagation: 'Background' });
  onDelete();
  return create(run, { ...task, action: 'create', live: undefined });
}

/**
 * Creates by applying to a version that cannot be: an object that exists is refused, so nothing is ever taken over by
 * accident, at no further request.
 */
async function create(run: Run, { desired }: Task): Promise<KubernetesObject> {
  const { metadata } = desired.object;
  const object = { ...desired.object, metadata: { ...metadata, resourceVersion: '1' } };
  return (await run.cluster.apply(object, { fieldManager })).object;
}

async function update(run: Run, task: Task, { dryRun: dry }: { readonly dryRun?: boolean }): Promise<KubernetesObject> {
  const { desired } = task;
  const wanted = { ...desired, source: desired.node.source, hide: run.secretValues.hideInAll };
  const object = await sent(run, task);
  const zero = scaledToZero(object, task.live);
  if (zero && !takes(task, zero.path)) throw conflictError(wanted, task.live, [zero]);
  try {
    return await send(run, { ...task, object }, { dryRun: dry });
  } catch (error) {
    if (isOutdated(task, error)) throw error;
    if (isImmutable(error)) throw immutableError(desired, task.live, error);
    if (!isFieldConflict(error)) throw error;
    // Adopting first moves ownership, which a dry run cannot.
    const moves = (manager: string): boolean => dry === true && task.action === 'adopt' && givesWay(task.live, manager);
    const conflicts = conflictFields(error).filter(({ path, manager }) => !takes(task, path) && !moves(manager));
    if (conflicts.length === 0) return send(run, { ...task, object }, { dryRun: dry, force: true });
    // A controller may have taken the field since we looked.
    const live = (await run.cluster.get(desired)) ?? task.live;
    if (live && task.action === 'update' && !isOurs(run, live)) throw foreignError(desired, live);
    const left = await sent(run, { ...task, live });
    if (canonical(left) !== canonical(object)) return send(run, { ...task, live, object: left }, { dryRun: dry });
    throw conflictError(wanted, live, conflicts, error);
  }
}

function takes({ options, desired }: Task, path: string): boolean {
  return isTaken(options.take, desired, path);
}

async function send(
  run: Run,
  { object, live }: { readonly object: KubernetesObject } & Pick<Task, 'live'>,
  options: { readonly dryRun?: boolean | undefined; readonly force?: boolean },
): Promise<KubernetesObject> {
  const { uid, resourceVersion } = live?.metadata ?? {};
  // A field manager that is the same sees no conflict, so it is the very object that was read, or none.
  const wanted = options.dryRun ? object : { ...object, metadata: { ...object.metadata, uid, resourceVersion } };
  return (await run.cluster.apply(wanted as KubernetesObject, { fieldManager, ...options })).object;
}

/** What we say of an object that exists. */
async function sent(run: Run, task: Task): Promise<KubernetesObject> {
  const { desired, action, live, autoscaled = false } = task;
  const existedBefore = action === 'adopt' || live?.metadata.annotations?.[keys.adopted] === 'true';
  const isSet = valueAt(desired.object, 'spec.replicas') !== undefined;
  const object = run.rollbackTo === undefined ? desired.object : keepSize(desired.object, live);
  return handOver(existedBefore ? noteAdoption(object) : object, live, {
    autoscaled: autoscaled || (isSet && (await isScaledByOthers(run, live))),
    isTaken: (path) => takes(task, path),
  });
}

/** So that a rollback to a time before the adoption does not delete it. */
function noteAdoption(object: KubernetesObject): KubernetesObject {
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, annotations: { ...metadata.annotations, [keys.adopted]: 'true' } } };
}

/** The object that is there is on its way out; ours comes after it. */
class Terminating extends KubewrightError {
  constructor({ label, kind, name }: Desired, { metadata }: KubernetesObject) {
    const finalizers = metadata.finalizers?.join(', ');
    super({
      code: 'Terminating',
      resource: label,
      message: `the old ${kind} ${name} is still being deleted${finalizers ? `: its finalizers ${finalizers} hold it` : ''}`,
      hint: 'Check the controller of the finalizer.',
    });
  }
}

/** Two requests counted against one quota at the same time. */
function isQuotaConflict(error: unknown): boolean {
  return isApiError(error, 'Conflict') && error.details.kind === 'resourcequotas';
}

function isTerminatingNamespace(error: unknown): boolean {
  return isApiError(error, 'Forbidden') && error.details.causes.some(({ reason }) => reason === 'NamespaceTerminating');
}
