import { throwProblems } from '../../errors.ts';
import { declined } from '../declined.ts';
import { outcomeOf } from '../item.ts';
import { leftObject, type Extent } from '../inventory.ts';
import { Journal } from '../journal.ts';
import { withLock } from '../lock.ts';
import { ensureNamespace } from '../namespace.ts';
import type { DeployedObject, DeployOptions, DeployResult } from '../options.ts';
import { isUnfinished } from '../planning.ts';
import { readRecord, type StoredRecord } from '../record.ts';
import { removeInOrder } from '../remove.ts';
import { subject, type Run } from '../run.ts';
import type { RecordedObject } from '../snapshot.ts';
import { makeDefinition } from './definition.ts';
import { makeInstance } from './instance.ts';
import { checkSaved } from '../saved-plan.ts';
import { basisOf, planWithKro, type PlannedWithKro } from './plan.ts';
import { comesLater, makeSecrets } from './secrets.ts';
import { settleInstance, type SettledInstance } from './wait.ts';

/** Lets kro make the objects: definitions, then the Secrets that must not be in them, then the instance. */
export async function deployWithKro(run: Run, options: DeployOptions, stored?: StoredRecord): Promise<DeployResult> {
  const planned = await planWithKro(run, options, { stored });
  await agree(run, planned, options);
  if (!planned.plan.changed)
    return report(
      run,
      planned,
      await settleInstance(run, planned.world, { generation: generationOf(planned), newDefinition: false }),
    );
  const made = await ensureNamespace(run, planned.world.namespace);
  return withLock(run, async () => {
    const current = await planAgainIfMoved(run, planned, options);
    const journal = await Journal.begin(run, current.world.stored, {
      ...extentOfSecrets(run, current),
      values: { '': run.instance.spec },
    });
    try {
      for (const definition of current.definitions) await makeDefinition(run, definition, options);
      const settled = await makeAndWait(run, current, options);
      await removeInOrder(
        run,
        current.orphans.deletable.map((object) => ({ object, address: addressOfOrphan(object), wave: 0 })),
      );
      await journal.succeed(extentOfSecrets(run, current, false), {
        objects: recordedObjects(current, settled),
        values: { '': run.instance.spec },
      });
      return { ...report(run, current, settled), ...made };
    } catch (error) {
      await journal.fail(error);
      throw error;
    }
  });
}

async function agree(run: Run, planned: PlannedWithKro, { confirm, saved }: DeployOptions): Promise<void> {
  const { plan } = planned;
  run.emit({ type: 'plan', plan });
  await checkSaved(run, basisOf(planned), saved);
  throwProblems(subject(run), plan.problems as never);
  if (plan.changed && confirm && !(await confirm(plan))) throw declined(run);
}

async function planAgainIfMoved(run: Run, planned: PlannedWithKro, options: DeployOptions): Promise<PlannedWithKro> {
  const { resourceVersion } = await readRecord(run);
  if (resourceVersion === planned.world.stored.resourceVersion) return planned;
  const again = await planWithKro(run, options);
  await agree(run, again, { ...options, confirm: undefined });
  return again;
}

async function makeAndWait(run: Run, planned: PlannedWithKro, options: DeployOptions): Promise<SettledInstance> {
  const { world, outline, definitions } = planned;
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

function generationOf({ instance }: PlannedWithKro): number {
  return instance.live?.metadata.generation ?? 0;
}

function addressOfOrphan({
  apiVersion,
  kind,
  metadata: { name, namespace },
}: {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
}): Parameters<typeof removeInOrder>[1][number]['address'] {
  return { label: `${kind} ${name}`, apiVersion, kind, name, ...(namespace !== undefined && { namespace }) };
}

/** Only the Secrets are in our set: kro keeps its own inventory of the rest. */
function extentOfSecrets(run: Run, { world, orphans }: PlannedWithKro, before = true): Extent {
  const { record } = world.stored;
  const made = world.desired.filter(({ check }) => !check);
  const secrets = made.length + orphans.kept.length > 0 ? ['v1/Secret'] : [];
  const namespaces = [
    run.identity.namespace,
    ...made.map(({ namespace }) => namespace ?? run.identity.namespace),
    ...orphans.kept.flatMap(({ object }) => object.metadata.namespace ?? []),
    ...(before ? (record?.namespaces ?? []) : []),
  ];
  return {
    kinds: [...new Set([...secrets, ...(before ? (record?.kinds ?? []) : [])])],
    namespaces: [...new Set(namespaces)].sort(),
  };
}

/** What restoring takes: definitions, Secrets and the instance, in this order. */
function recordedObjects(planned: PlannedWithKro, { instance }: SettledInstance): readonly RecordedObject[] {
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

function report(run: Run, { plan }: PlannedWithKro, { children, status, resolution }: SettledInstance): DeployResult {
  const own = plan.changes.map(
    ({ fields: _fields, action, ...address }): DeployedObject => ({
      ...address,
      action: outcomeOf(action),
      ready: true,
    }),
  );
  const adopted = new Set(own.map(({ label }) => label));
  const others = children.filter(({ desired }) => !adopted.has(desired.label));
  const made = others.map(
    ({ desired: { label, apiVersion, kind, namespace, name } }): DeployedObject => ({
      label,
      apiVersion,
      kind,
      ...(namespace !== undefined && { namespace }),
      name,
      action: 'checked',
      ready: true,
      by: 'kro',
    }),
  );
  return {
    status,
    statusPending: resolution.statusPending,
    objects: [...own, ...made],
    writes: run.cluster.writes,
    duration: performance.now() - run.startedAt,
  };
}
