import { throwProblems } from '../../errors.ts';
import { isApiError } from '../../cluster/api-error.ts';
import type { KubernetesObject, ObjectReference } from '../../cluster/cluster.ts';
import { definitionsOf } from '../../kro/chain.ts';
import { explainExpressions } from '../../resolve/explain.ts';
import type { Resolution } from '../../resolve/resolution.ts';
import { resolve } from '../../resolve/resolve.ts';
import { keyOf, refOf } from '../identity.ts';
import { addressOf } from '../item.ts';
import { diagnose } from '../diagnose.ts';
import { absence, driftOf } from '../drift.ts';
import type { Drift, ObjectState, StatusOptions, StatusResult } from '../options.ts';
import { explain, subjectOf, text } from '../readiness/verdict.ts';
import { rulesNow } from '../rule-context.ts';
import { subject, type Run } from '../run.ts';
import { unmetAround, verdictOf } from '../verdict-of.ts';
import { expressionReasons } from '../why.ts';
import { look, lookForReleased, readInventory, type World } from '../world.ts';
import { readChildren } from './children.ts';
import { addressOfDefinition, refusalOf } from './definition.ts';
import { missingKro } from './installed.ts';
import { addressOfInstance, readInstance } from './instance.ts';
import { observedOf } from './observed.ts';
import { kroReason } from './reason.ts';
import { outline, readSecrets } from './secrets.ts';
import { withSources } from './sources.ts';
import { ownStatus } from './wait.ts';

/** How an instance does now, by kro's words and by the objects that it made. */
export async function statusWithKro(run: Run, { why, drift }: StatusOptions): Promise<StatusResult> {
  const noKro = await missingKro(run);
  if (noKro) throw noKro;
  const [instance, world] = await Promise.all([readInstance(run), readSecrets(run, outline(run))]);
  throwProblems(subject(run), world.denied as never);
  const found = drift ? { drift: await driftWithKro(run, world) } : {};
  const secrets = world.desired.map(
    (desired): ObjectState => ({
      ...addressOf(desired),
      state: world.live.object(desired.key) ? 'ready' : absence(world, desired),
    }),
  );
  if (!instance) {
    return {
      deployed: secrets.some(({ state }) => state === 'ready') && world.stored.record !== undefined,
      status: {},
      statusPending: [],
      objects: [{ ...addressOfInstance(run), state: 'missing' }, ...secrets],
      pending: [],
      ...found,
    };
  }
  const children = await readChildren(run, run.graph, instance);
  const objects = new Map(children.map(({ address, object }) => [keyOf(address), object]));
  const rules = await rulesNow(run, [...objects.values()], (key) => objects.get(key));
  const { hide } = run.secretValues;
  for (const { object } of children) run.secretValues.learn(object);
  const made = await Promise.all(
    children.map(async ({ address, object, path }): Promise<ObjectState> => {
      const { state, reason } = verdictOf(run.graph, { path, object }, rules);
      const details = why && state !== 'ready' ? await run.pool.run(() => diagnose(run, object)) : [];
      return {
        ...address,
        state,
        ...(reason !== undefined && { reason: hide(reason) }),
        ...(details.length > 0 && { details: details.map(hide) }),
      };
    }),
  );
  const observed = observedOf(children, world);
  let resolution = resolve(run.graph, run.instance, observed);
  world.resolution = { ...resolution, objects: [] };
  if (await look(run, world)) resolution = resolve(run.graph, run.instance, observed);
  const own = stateOfInstance(run, instance);
  const definitions = await brokenDefinitions(run);
  const { pending, statusPending } = resolution;
  return {
    deployed: true,
    status: ownStatus(run.graph, instance),
    statusPending,
    objects: [...definitions, own, ...secrets, ...made, ...notMade(resolution, made, world)],
    pending: [...pending, ...unmetAround(run.graph, resolution)].map(({ path, reason }) => ({ path, reason })),
    ...(why && { expressions: expressionReasons(explainExpressions(run.graph, run.instance, observed), hide) }),
    ...found,
  };
}

/** What the graph means and kro has not made. */
function notMade({ objects }: Resolution, made: readonly ObjectState[], { live }: World): readonly ObjectState[] {
  const there = new Set(made.map(({ label }) => label));
  return objects
    .filter(({ label, path }) => !there.has(label) && !live.get(path))
    .map(({ label, object }) => ({ ...addressOf({ label, ...refOf(object) }), state: 'missing' }));
}

function stateOfInstance(run: Run, instance: KubernetesObject): ObjectState {
  const { status, conditions } = subjectOf(instance);
  const address = addressOfInstance(run);
  const state = text(status['state']);
  if (state === 'ACTIVE') return { ...address, state: 'ready' };
  return {
    ...address,
    state: 'waiting',
    reason: run.secretValues.hide(withSources(kroReason(conditions, state), run.graph)),
  };
}

/** Definitions that kro does not serve: nothing of the instance changes then. */
async function brokenDefinitions(run: Run): Promise<readonly ObjectState[]> {
  const found = await Promise.all(
    definitionsOf(run.graph).map(async (graph): Promise<readonly ObjectState[]> => {
      const address = addressOfDefinition(graph);
      const live = await readAllowed(run, address);
      if (live === 'unseen') return [];
      if (!live) return [{ ...address, state: 'missing' }];
      const refusal = refusalOf(subjectOf(live));
      if (!refusal) return [];
      return [{ ...address, state: 'failed', reason: withSources(explain(refusal, ''), graph) }];
    }),
  );
  return found.flat();
}

/** A role that may not see definitions sees what became of them all the same. */
async function readAllowed(run: Run, ref: ObjectReference): Promise<KubernetesObject | 'unseen' | undefined> {
  try {
    return await run.cluster.get(ref, { signal: run.signal });
  } catch (error) {
    if (isApiError(error, 'Forbidden')) return 'unseen';
    throw error;
  }
}

/** Definitions, Secrets and the instance are compared; what kro makes of them it corrects itself. */
async function driftWithKro(run: Run, world: World): Promise<readonly Drift[]> {
  await readInventory(run, world);
  if (world.damage) throw world.damage;
  const others = [...(world.inventory?.values() ?? [])].filter(({ object }) => object.kind !== 'Secret');
  await Promise.all(
    others.map(async ({ object }) => {
      const live = await readRecorded(run, refOf(object));
      if (live) world.live.set(live);
    }),
  );
  await lookForReleased(run, world);
  return driftOf(world);
}

async function readRecorded(run: Run, ref: ObjectReference): Promise<KubernetesObject | undefined> {
  try {
    return await run.pool.run(() => run.cluster.get(ref, { signal: run.signal }));
  } catch (error) {
    if (isApiError(error, 'KindNotServed')) return undefined;
    throw error;
  }
}
