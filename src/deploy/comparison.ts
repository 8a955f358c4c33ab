import { isApiError, type ApiError } from '../cluster/api-error.ts';
import type { KubernetesObject } from '../cluster/cluster.ts';
import { KubewrightError } from '../errors.ts';
import { dryRun, mayReplace, type Task } from './apply.ts';
import { decide, foreignError, losesData } from './decide.ts';
import { deciding } from './deciding.ts';
import type { Desired } from './desired.ts';
import { diff } from './diff.ts';
import { edgesOf } from './edges.ts';
import { Gates } from './gates.ts';
import { giveUpWarnings } from './give-up.ts';
import { autoscaled } from './hand-over.ts';
import { describe, keys } from './identity.ts';
import type { Transition } from './impact.ts';
import { immutableFields } from './immutable.ts';
import { addressOf, newItem } from './item.ts';
import type { DeployOptions, PlannedChange } from './options.ts';
import { explainRefusal } from './refused.ts';
import { retrying } from './retry.ts';
import type { Run } from './run.ts';
import { tryCreation } from './trial.ts';
import type { World } from './world.ts';

/** How objects are planned, and where refusals go. */
export interface Planning {
  readonly options: DeployOptions;
  readonly thorough: boolean;
  readonly problems: Error[];
  /** Where goes what is known only while deploying. */
  readonly warnings?: string[];
  /** Objects that change hands. */
  readonly held?: ReadonlySet<string>;
  /** Where objects before and after go. */
  readonly transitions?: Transition[];
}

interface Comparison {
  readonly change: PlannedChange;
  /** As the server would store it, where it was asked. */
  readonly after?: KubernetesObject;
}

/** What has to happen to one object, by the server's dry run where that can say it. */
export async function compareOne(
  run: Run,
  world: World,
  { desired, ...planning }: Planning & { readonly desired: Desired },
): Promise<Comparison> {
  const { options, problems, held } = planning;
  const decided = decide(desired, world);
  const changesHands = held?.has(desired.key) === true && decided !== 'create' && decided !== 'check';
  const action = changesHands ? 'adopt' : decided;
  const address = addressOf(desired);
  const live = world.live.object(desired.key) ?? world.foreign.get(desired.key);
  if (action === 'check' && !live) problems.push(missingSecret(desired));
  if (action === 'adopt' && !options.adopt && !changesHands)
    problems.push(foreignError(desired, live as KubernetesObject));
  const task: Task = { desired, action, live, options, autoscaled: autoscaled(world.desired).has(desired.key) };
  if (changesHands || !isAsked(run, world, { task, thorough: planning.thorough }))
    return { change: { ...address, action, fields: [] } };
  try {
    const after = await retrying(() => run.pool.run(() => dryRun(run, task)), { signal: run.signal });
    const fields = live ? diff(live, after) : [];
    const isSame = action === 'update' && live !== undefined && isSameIntent(live, after);
    if (action === 'update' && live && !isSame && planning.warnings)
      planning.warnings.push(...(await giveUpWarnings(run, desired, { live, after, changed: fields.length > 0 })));
    if (!isSame || fields.length > 0) return { change: { ...address, action, fields }, after };
    // Fields were handed over, or dropped by the server: nothing would change.
    world.confirmed.add(`${desired.key} ${desired.hash}`);
    return { change: { ...address, action: 'unchanged', fields }, after };
  } catch (error) {
    return { change: await refused(run, world, { task, error: error as Error, ...planning }) };
  }
}

function isAsked(
  run: Run,
  world: World,
  { task, thorough }: { readonly task: Task; readonly thorough: boolean },
): boolean {
  const { action, options, desired } = task;
  if (action === 'adopt') return options.adopt === true;
  return action === 'update' || (thorough && action === 'create' && canDryRun(run, world, desired));
}

/** What a refusal means for the plan: another way to make the change, something that is to be seen, or a problem. */
async function refused(
  run: Run,
  world: World,
  { task, error, problems, warnings }: Planning & { readonly task: Task; readonly error: Error },
): Promise<PlannedChange> {
  const { desired, action, live } = task;
  const address = addressOf(desired);
  let reason = error;
  if (mayReplace(task, error)) {
    const trial = retrying(() => run.pool.run(() => tryCreation(run, desired)), { signal: run.signal });
    const { made, refusal } = await trial.then(
      (object) => ({ made: object, refusal: undefined }),
      (caught: unknown) => ({ made: undefined, refusal: caught as Error }),
    );
    if (!refusal || comesFirst(world, desired, refusal)) {
      if (live && losesData(live))
        warnings?.push(`${desired.label}: it is deleted to be made anew, and the data that is in it may be lost`);
      return {
        ...address,
        action: 'replace',
        fields: immutableFields(desired, { live, made }, error.cause as ApiError),
      };
    }
    reason = refusal;
  }
  // What this object names may come before it.
  if (action === 'create' && comesFirst(world, desired, reason)) return { ...address, action, fields: [] };
  const explained = await explainRefusal(run, desired, reason);
  const first = isApiError(reason, 'Invalid', 'Forbidden', 'NotFound') ? changedFirst(run, world, desired) : [];
  // What a tool set is gone when it is taken over, and a dry run has both.
  const mixes =
    action === 'adopt' && isApiError(reason, 'Invalid') && (explained as KubewrightError).code === 'Invalid';
  const until = first.length > 0 ? `${first.join(', ')} changed` : mixes ? 'it was taken over' : undefined;
  if (warnings && until !== undefined)
    warnings.push(
      `${desired.label}: whether it is accepted is known only after ${until}; as things are: ${explained.message}`,
    );
  else problems.push(explained);
  return { ...address, action, fields: [] };
}

/** What changes before an object is written and decides whether it is accepted. */
export function changedFirst(run: Run, world: World, desired: Desired): readonly string[] {
  const gates = new Gates(run.graph, world.desired.map(newItem)).of(desired);
  const changed = deciding(gates).filter(({ desired: other }) => {
    const action = decide(other, world);
    return action !== 'unchanged' && action !== 'check';
  });
  return [...new Set(changed.map(({ desired: { label } }) => label))];
}

function isSameIntent(live: KubernetesObject, after: KubernetesObject): boolean {
  return live.metadata.annotations?.[keys.intent] === after.metadata.annotations?.[keys.intent];
}

/** A namespace or kind that does not exist yet refuses dry runs. */
function canDryRun({ identity }: Run, world: World, { namespace, served }: Desired): boolean {
  if (!served) return false;
  if (namespace === undefined) return true;
  if (namespace === identity.namespace)
    return world.namespace !== undefined && !world.namespace.metadata.deletionTimestamp;
  return !world.desired.some(
    ({ kind, name }) => kind === 'Namespace' && name === namespace && !world.live.object(`Namespace//${name}`),
  );
}

/** Whether an object names another one of this deployment that does not exist yet, such as a binding its Role. */
function comesFirst(world: World, { object }: Desired, error: Error): boolean {
  if (!isApiError(error, 'NotFound')) return false;
  const missing = new Set(world.desired.map(({ key }) => key).filter((key) => !world.live.object(key)));
  return edgesOf(object).some(
    ({ groupKind: kind, namespace, name }) =>
      missing.has(`${kind}/${namespace ?? ''}/${name}`) || missing.has(`${kind}//${name}`),
  );
}

function missingSecret({ label, kind, namespace, name }: Desired): Error {
  return new KubewrightError({
    code: 'SecretMissing',
    resource: label,
    message: `${describe({ kind, namespace, name })} does not exist, and the environment says \`secrets: 'existing'\``,
    hint: 'Create it, or give its values in the environment with fromEnv or fromFile.',
  });
}
