import { throwProblems } from '../../errors.ts';
import { isApiError } from '../../cluster/api-error.ts';
import type { KubernetesObject, ObjectReference } from '../../cluster/cluster.ts';
import { explainExpressions } from '../../resolve/explain.ts';
import { resolve } from '../../resolve/resolve.ts';
import { refOf } from '../identity.ts';
import { addressOf } from '../item.ts';
import { diagnose } from '../diagnose.ts';
import { absence, driftOf } from '../drift.ts';
import type { Drift, ObjectState, StatusOptions, StatusResult } from '../options.ts';
import { judge } from '../readiness/table.ts';
import { condition, explain, subjectOf } from '../readiness/verdict.ts';
import { ruleContext } from '../rule-context.ts';
import { subject, type Run } from '../run.ts';
import { expressionReasons } from '../why.ts';
import { look, lookForReleased, readInventory, type World } from '../world.ts';
import { readChildren } from './children.ts';
import { missingKro } from './installed.ts';
import { addressOfInstance, readInstance } from './instance.ts';
import { observedOf } from './observed.ts';
import { plainWords } from './reason.ts';
import { outline, readSecrets } from './secrets.ts';
import { withSources } from './sources.ts';
import { ownStatus } from './wait.ts';

/** How an instance does now, by kro's words and by the objects that it made. */
export async function statusWithKro(run: Run, { why, drift }: StatusOptions): Promise<StatusResult> {
  const missing = await missingKro(run);
  if (missing) throw missing;
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
  const rules = await ruleContext(
    run,
    children.map(({ object }) => object),
  );
  const { hide } = run.secretValues;
  for (const { object } of children) run.secretValues.learn(object);
  const made = await Promise.all(
    children.map(async ({ address, object }): Promise<ObjectState> => {
      const { state, reason } = judge(object, rules);
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
  const judged = subjectOf(instance);
  const active = judged.status['state'] === 'ACTIVE';
  const own: ObjectState = {
    ...addressOfInstance(run),
    state: active ? 'ready' : 'waiting',
    ...(!active && {
      reason: hide(
        withSources(plainWords(explain(condition(judged, 'Ready'), 'kro has not judged it yet')), run.graph),
      ),
    }),
  };
  const { pending, statusPending } = resolution;
  return {
    deployed: true,
    status: ownStatus(run.graph, instance),
    statusPending,
    objects: [own, ...secrets, ...made],
    pending: pending.map(({ path, reason }) => ({ path, reason })),
    ...(why && { expressions: expressionReasons(explainExpressions(run.graph, run.instance, observed), hide) }),
    ...found,
  };
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
