import type { DeployOptions } from '../options.ts';
import { leftObject, type Extent } from '../inventory.ts';
import { isUnfinished } from '../planning.ts';
import type { Run } from '../run.ts';
import type { RecordedObject } from '../snapshot.ts';
import { makeDefinition } from './definition.ts';
import { makeInstance } from './instance.ts';
import type { Obsolete } from './obsolete.ts';
import type { PlannedWithKro } from './plan.ts';
import { comesLater, makeSecrets } from './secrets.ts';
import { settleInstance, type SettledInstance } from './wait.ts';

/** Definitions, Secrets and the instance, each when its turn has come; then the wait for what kro makes of them. */
export async function makeAll(run: Run, planned: PlannedWithKro, options: DeployOptions): Promise<SettledInstance> {
  const { world, outline, definitions } = planned;
  for (const definition of definitions) await makeDefinition(run, definition, options);
  const [later, before] = [
    world.desired.filter((desired) => comesLater(outline, desired)),
    world.desired.filter((desired) => !comesLater(outline, desired)),
  ];
  await makeSecrets(run, world, { wanted: before, options });
  // After a run that was killed, kro may not have looked at the definition yet either.
  const newDefinition = isUnfinished(world, run) || definitions.some(({ change }) => change.action !== 'unchanged');
  const instance = await makeInstance(run, planned.instance, { again: newDefinition, take: options.take });
  const [settled] = await Promise.all([
    settleInstance(run, world, { generation: instance.metadata.generation ?? 0, newDefinition }),
    makeSecrets(run, world, { wanted: later, options }),
  ]);
  return settled;
}

/** Before anything is made. Only the Secrets are in our set: kro keeps its own inventory of the rest. */
export function intendedExtent(run: Run, planned: PlannedWithKro): Extent {
  const { kinds = [], namespaces = [] } = planned.world.stored.record ?? {};
  const now = finalExtent(run, planned);
  return {
    ...now,
    kinds: [...new Set([...now.kinds, ...kinds])],
    namespaces: [...new Set([...now.namespaces, ...namespaces])].sort(),
  };
}

/** Where everything is afterwards. */
export function finalExtent(run: Run, { world, orphans, definitions }: PlannedWithKro, removed?: Obsolete): Extent {
  const made = world.desired.filter(({ check }) => !check);
  const namespaces = [
    run.identity.namespace,
    ...made.map(({ namespace }) => namespace ?? run.identity.namespace),
    ...orphans.kept.flatMap(({ object }) => object.metadata.namespace ?? []),
    ...(world.unlisted.size > 0 ? (world.stored.record?.namespaces ?? []) : []),
  ];
  const gone = new Set(removed?.removals.map(({ address }) => address.name));
  const created = definitions.filter(({ change }) => change.action === 'create').map(({ graph }) => graph.name);
  const known = [...new Set([...(world.stored.record?.definitions ?? []), ...created])];
  return {
    kinds: [...new Set([...(made.length + orphans.kept.length > 0 ? ['v1/Secret'] : []), ...world.unlisted.keys()])],
    namespaces: [...new Set(namespaces)].sort(),
    definitions: known.filter((name) => !gone.has(name)),
  };
}

/** What restoring takes: definitions, Secrets and the instance, in this order. */
export function recordedObjects(planned: PlannedWithKro, { instance }: SettledInstance): readonly RecordedObject[] {
  const { definitions, world, orphans } = planned;
  const { change, object } = planned.instance;
  return [
    ...definitions.map((each) => ({ path: '', label: each.change.label, wave: 0, object: each.object })),
    ...world.desired
      .filter(({ check }) => !check)
      .map(({ path, label, key, intent }) => {
        const uid = world.live.object(key)?.metadata.uid;
        return { path, label, wave: 1, ...(uid !== undefined && { uid }), object: intent };
      }),
    ...orphans.kept.map((kept) => leftObject(kept.object, world.inventory)),
    { path: '', label: change.label, wave: 2, uid: instance.metadata.uid ?? '', object },
  ];
}
