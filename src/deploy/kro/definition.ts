import { setTimeout as sleep } from 'node:timers/promises';
import { isApiError } from '../../cluster/api-error.ts';
import type { KubernetesObject, ListQuery } from '../../cluster/cluster.ts';
import { KubewrightError } from '../../errors.ts';
import type { Graph } from '../../graph/graph.ts';
import { toDefinition } from '../../kro/definition.ts';
import { diff } from '../diff.ts';
import { fieldManager } from '../identity.ts';
import type { DeployOptions, FieldChange, ObjectAddress, PlannedChange } from '../options.ts';
import { ownFields } from '../ownership.ts';
import { condition, explain, fields, subjectOf } from '../readiness/verdict.ts';
import { kindOf, type Run } from '../run.ts';
import { watchOne } from '../watch-one.ts';
import { breakingChanges } from './breaking.ts';
import { definitionKind, unsupportedVersion } from './installed.ts';

/** A definition and what a deployment would do to it. */
export interface PlannedDefinition {
  readonly graph: Graph;
  readonly object: KubernetesObject;
  readonly live: KubernetesObject | undefined;
  readonly change: PlannedChange;
  readonly warnings: readonly string[];
  readonly problems: readonly Error[];
}

const allowBreaking = 'kro.run/allow-breaking-changes';
const patienceMs = 3_000;

/** Compares a graph's definition with the one that is there. */
export async function planDefinition(run: Run, graph: Graph, { adopt }: DeployOptions): Promise<PlannedDefinition> {
  const object = toDefinition(graph) as unknown as KubernetesObject;
  const address = addressOfDefinition(graph);
  const live = await run.cluster.get({ ...definitionKind, name: graph.name }, { signal: run.signal });
  const planned = { graph, object, live, warnings: [], problems: [] };
  if (!live) return { ...planned, change: { ...address, action: 'create', fields: [] } };
  if (!ownFields(live))
    return {
      ...planned,
      change: { ...address, action: 'adopt', fields: [] },
      problems: adopt ? [] : [foreignDefinition(graph, live)],
    };
  const changed = await changedFields(run, object, live, adopt ?? false);
  if (changed.length === 0) return { ...planned, change: { ...address, action: 'unchanged', fields: [] } };
  const [breaking, others] = await Promise.all([breakingProblems(run, graph, live), otherInstances(run, graph)]);
  const warnings =
    others.length > 0
      ? [`ResourceGraphDefinition ${graph.name} changes for other instances too: ${others.join(', ')}`]
      : [];
  return { ...planned, change: { ...address, action: 'update', fields: changed }, warnings, problems: breaking };
}

export function addressOfDefinition(graph: Graph): ObjectAddress {
  return { label: `definition ${graph.name}`, ...definitionKind, name: graph.name };
}

async function changedFields(
  run: Run,
  object: KubernetesObject,
  live: KubernetesObject,
  force: boolean,
): Promise<readonly FieldChange[]> {
  const { object: after } = await run.cluster.apply(object, { fieldManager, dryRun: true, force });
  return diff(live, after);
}

/** Where instances of a graph's kind are. */
export async function instancesOf(run: Run, graph: Graph): Promise<readonly KubernetesObject[]> {
  const query: ListQuery = { apiVersion: `${graph.group}/${graph.version}`, kind: graph.kind };
  try {
    return (await run.cluster.list(query, { signal: run.signal })).items;
  } catch (error) {
    if (isApiError(error, 'KindNotServed', 'NotFound')) return [];
    throw error;
  }
}

async function otherInstances(run: Run, graph: Graph): Promise<readonly string[]> {
  const isOwn = ({ name, namespace }: { name: string; namespace?: string }): boolean =>
    graph === run.graph && name === run.instance.name && namespace === run.instance.namespace;
  const found = await instancesOf(run, graph);
  return found
    .filter(({ metadata }) => !isOwn(metadata) && metadata.labels?.['kro.run/instance-name'] !== run.instance.name)
    .map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`);
}

async function breakingProblems(run: Run, graph: Graph, live: KubernetesObject): Promise<readonly Error[]> {
  if (live.metadata.annotations?.[allowBreaking] === 'true') return [];
  const served = await kindOf(run, { apiVersion: `${graph.group}/${graph.version}`, kind: graph.kind });
  if (!served) return [];
  const crd = await run.cluster.get(
    {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      name: `${served.plural}.${graph.group}`,
    },
    { signal: run.signal },
  );
  const [version] = (fields(crd?.['spec'])['versions'] ?? []) as readonly Record<string, unknown>[];
  const before = fields(fields(fields(fields(version?.['schema'])['openAPIV3Schema'])['properties'])['spec']);
  const found = breakingChanges(before, graph.spec.json as never);
  if (found.length === 0) return [];
  return [
    new KubewrightError({
      code: 'BreakingDefinition',
      resource: `definition ${graph.name}`,
      message: `kro refuses this change of an existing kind: ${found.join('; ')}`,
      hint: `Keep what is there and add to it, give the definition another name and kind, or annotate it with ${allowBreaking}: "true".`,
    }),
  ];
}

function foreignDefinition(graph: Graph, live: KubernetesObject): KubewrightError {
  const managers = [
    ...new Set(live.metadata.managedFields?.filter(({ subresource }) => !subresource).map(({ manager }) => manager)),
  ].filter((manager) => manager !== 'controller');
  return new KubewrightError({
    code: 'NotOurs',
    resource: `definition ${graph.name}`,
    message: `ResourceGraphDefinition ${graph.name} exists and belongs to ${managers.join(', ') || 'somebody else'}`,
    hint: 'Take it over with --adopt, or give this one another name and kind.',
  });
}

/** Applies a definition where it differs and waits until kro serves its kind. */
export async function makeDefinition(run: Run, { graph, object, change }: PlannedDefinition): Promise<void> {
  let generation: number | undefined;
  if (change.action !== 'unchanged') {
    const { object: stored } = await run.cluster.apply(object, { fieldManager, force: change.action === 'adopt' });
    generation = stored.metadata.generation;
    run.emit({
      type: 'object',
      object: addressOfDefinition(graph),
      action: change.action === 'create' ? 'created' : change.action === 'adopt' ? 'adopted' : 'updated',
    });
  }
  await active(run, graph, generation ?? 0);
  await served(run, graph);
}

async function active(run: Run, graph: Graph, generation: number): Promise<void> {
  const address = addressOfDefinition(graph);
  const startedAt = performance.now();
  let told: string | undefined;
  await watchOne(run, { ...definitionKind, name: graph.name }, (live) => {
    if (!live || (live.metadata.generation ?? 0) < generation) return undefined;
    const subject = subjectOf(live);
    const judged = ['GraphAccepted', 'KindReady', 'ControllerReady'].map((type) => condition(subject, type));
    if (subject.status['state'] === 'Active' && judged.every((found) => found?.status === 'True')) {
      run.emit({ type: 'ready', object: address });
      return true;
    }
    const refusal = judged.find((found) => found?.status === 'False');
    const reason = explain(refusal ?? condition(subject, 'Ready'), 'kro has not judged it yet');
    if (reason !== told) run.emit({ type: 'waiting', object: address, reason });
    told = reason;
    // A kind that was installed a moment ago is noticed in a second try.
    if (refusal && performance.now() - startedAt > patienceMs) throw refusedDefinition(graph, reason);
    return undefined;
  });
}

function refusedDefinition(graph: Graph, reason: string): KubewrightError {
  return new KubewrightError({
    code: 'DefinitionRefused',
    resource: `definition ${graph.name}`,
    message: `kro does not accept it: ${reason}`,
    hint: 'Correct the graph, or install the kinds that it needs.',
  });
}

/** The kind is served a moment after the definition is Active. */
async function served(run: Run, graph: Graph): Promise<void> {
  const kind = { apiVersion: `${graph.group}/${graph.version}`, kind: graph.kind };
  while (!(await kindOf(run, kind))) {
    run.signal.throwIfAborted();
    await sleep(50);
  }
  const { plural } = (await kindOf(run, kind)) as { plural: string };
  const crd = await run.cluster
    .get(
      { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name: `${plural}.${graph.group}` },
      { signal: run.signal },
    )
    .catch(() => undefined);
  const unsupported = unsupportedVersion(crd?.metadata.labels);
  if (unsupported) run.emit({ type: 'warning', message: unsupported });
}
