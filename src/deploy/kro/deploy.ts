import { throwProblems } from '../../errors.ts';
import { declined } from '../declined.ts';
import { outcomeOf } from '../item.ts';
import { withLock } from '../lock.ts';
import { ensureNamespace } from '../namespace.ts';
import { kindOfInstance } from '../mode.ts';
import type { DeployedObject, DeployOptions, DeployResult } from '../options.ts';
import { isUnfinished } from '../planning.ts';
import { author, readRecord, writeRecord, type DeployRecord } from '../record.ts';
import { removeInOrder } from '../remove.ts';
import { subject, type Run } from '../run.ts';
import { makeDefinition } from './definition.ts';
import { makeInstance } from './instance.ts';
import { planWithKro, type PlannedWithKro } from './plan.ts';
import { comesLater, makeSecrets } from './secrets.ts';
import { settleInstance, type SettledInstance } from './wait.ts';

/** Lets kro make the objects: definitions, then the Secrets that must not be in them, then the instance. */
export async function deployWithKro(run: Run, options: DeployOptions): Promise<DeployResult> {
  const planned = await planWithKro(run, options);
  await agree(run, planned, options);
  if (!planned.plan.changed)
    return report(
      run,
      planned,
      await settleInstance(run, planned.world, { generation: generationOf(planned), newDefinition: false }),
    );
  await ensureNamespace(run, planned.world.namespace);
  return withLock(run, async () => {
    const current = await planAgainIfMoved(run, planned, options);
    const stored = await writeRecord(run, current.world.stored, recordOf(run, current, 'applying'));
    for (const definition of current.definitions) await makeDefinition(run, definition, options);
    const settled = await makeAndWait(run, current, options);
    await removeInOrder(
      run,
      current.orphans.deletable.map((object) => ({ object, address: addressOfOrphan(object), wave: 0 })),
    );
    await writeRecord(run, stored, recordOf(run, current, 'deployed'));
    return report(run, current, settled);
  });
}

async function agree(run: Run, { plan }: PlannedWithKro, { confirm }: DeployOptions): Promise<void> {
  run.emit({ type: 'plan', plan });
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
  const newDefinition = isUnfinished(world) || definitions.some(({ change }) => change.action !== 'unchanged');
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

/** Only the Secrets are objects of ours: kro keeps its own inventory of the rest. */
function recordOf(run: Run, { world }: PlannedWithKro, phase: DeployRecord['phase']): DeployRecord {
  const before = phase === 'applying' ? world.stored.record : undefined;
  const made = world.desired.filter(({ check }) => !check);
  const objects = made.map(({ path, label, apiVersion, kind, namespace, name }) => ({
    path,
    label,
    apiVersion,
    kind,
    namespace,
    name,
    wave: 0,
  }));
  const namespaces = [
    run.identity.namespace,
    ...made.map(({ namespace }) => namespace ?? run.identity.namespace),
    ...(before?.namespaces ?? []),
  ];
  return {
    graph: run.graph.name,
    instance: run.instance.name,
    mode: 'kro',
    instanceKind: kindOfInstance(run.graph),
    ...(before?.migrating && { migrating: before.migrating }),
    revision: (world.stored.record?.revision ?? 0) + 1,
    phase,
    at: new Date().toISOString(),
    by: author(),
    // Until kro has taken them, only the record says that they were ours.
    objects: before?.migrating ? [...objects, ...before.objects] : objects,
    kinds: [...new Set([...(objects.length > 0 ? ['v1/Secret'] : []), ...(before?.kinds ?? [])])],
    namespaces: [...new Set(namespaces)].sort(),
  };
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
