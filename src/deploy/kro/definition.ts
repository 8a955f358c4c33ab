import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject } from '../../cluster/cluster.ts';
import { KubewrightError } from '../../errors.ts';
import { print } from '../../expr/print.ts';
import type { Graph } from '../../graph/graph.ts';
import { toDefinition } from '../../kro/definition.ts';
import { conflictError, isFieldConflict } from '../conflict.ts';
import { diff } from '../diff.ts';
import { fieldManager } from '../identity.ts';
import type { DeployOptions, FieldChange, ObjectAddress, PlannedChange } from '../options.ts';
import { ownFields } from '../ownership.ts';
import { condition, explain, fields, subjectOf, text, type Condition, type Subject } from '../readiness/verdict.ts';
import { kindOf, type Run } from '../run.ts';
import { watchOne } from '../watch-one.ts';
import { emptying } from './emptied.ts';
import { definitionKind, unsupportedVersion } from './installed.ts';
import { namesOf, readInstances } from './instances.ts';
import { allowBreaking, judgeKind } from './kind.ts';
import { ownerOf } from './owner.ts';
import { withSources } from './sources.ts';
import { applyTaking, untaken } from './take.ts';

/** A definition and what a deployment would do to it. */
export interface PlannedDefinition {
  readonly graph: Graph;
  readonly object: KubernetesObject;
  readonly live: KubernetesObject | undefined;
  readonly change: PlannedChange;
  readonly warnings: readonly string[];
  readonly problems: readonly Error[];
  /** Instances of other deployments that change with it. */
  readonly others: readonly KubernetesObject[];
  /** It takes away what the kind has, and may. */
  readonly breaking: boolean;
  /** How long a refusal of kro may stand before it is believed. */
  readonly patienceMs: number;
}

const patienceMs = 3_000;

/** Compares a graph's definition with the one that is there. */
export async function planDefinition(run: Run, graph: Graph, options: DeployOptions): Promise<PlannedDefinition> {
  const object = definitionOf(run, graph);
  const address = addressOfDefinition(graph);
  const live = await run.cluster.get({ ...definitionKind, name: graph.name }, { signal: run.signal });
  const planned = { graph, object, live, warnings: [], problems: [], others: [], breaking: false, patienceMs };
  const isForeign = live !== undefined && !ownFields(live);
  const moved = live ? immutableProblem(graph, object, live) : undefined;
  if (moved) return { ...planned, change: { ...address, action: 'update', fields: [] }, problems: [moved] };
  if (isForeign && !options.adopt)
    return {
      ...planned,
      change: { ...address, action: 'adopt', fields: [] },
      problems: [foreignDefinition(graph, live)],
    };
  const { fields: changed, conflict } = await changedFields(run, { object, live }, options);
  if (conflict) return { ...planned, change: { ...address, action: 'update', fields: [] }, problems: [conflict] };
  if (live && !isForeign && changed.length === 0)
    return { ...planned, change: { ...address, action: 'unchanged', fields: [] } };
  const others = live ? ((await readInstances(run, [graph]))[0]?.others ?? []) : [];
  const verdict = await judgeKind(run, graph, { live, mayBreak: mayNarrow(run, graph, others) });
  const warnings = [
    ...(isForeign && ownerOf(live).returns
      ? [`ResourceGraphDefinition ${graph.name}: ${ownerOf(live).returns ?? ''}`]
      : []),
    ...(others.length > 0
      ? [`ResourceGraphDefinition ${graph.name} changes for other instances too: ${namesOf(others)}`]
      : []),
    ...hiddenReady(graph),
    ...verdict.warnings,
  ];
  const action = live ? (isForeign ? 'adopt' : 'update') : 'create';
  return {
    ...planned,
    change: { ...address, action, fields: live ? changed : [] },
    warnings,
    problems: verdict.problems,
    others,
    breaking: verdict.breaking ?? false,
    patienceMs: verdict.patienceMs ?? patienceMs,
  };
}

function definitionOf({ restored, featureGates }: Run, graph: Graph): KubernetesObject {
  const before = restored?.definitions.get(graph.name);
  return before ?? (toDefinition(graph, { featureGates }) as unknown as KubernetesObject);
}

/** Whether what a failed run added to a kind may go again: nobody else's instance was written since. */
function mayNarrow({ restored }: Run, { name }: Graph, others: readonly KubernetesObject[]): boolean {
  const before = restored?.othersBefore?.get(name);
  const version = ({ metadata: { uid, generation } }: KubernetesObject): string => `${uid} ${generation}`;
  const known = new Set(before?.map(version));
  return before !== undefined && others.every((other) => known.has(version(other)));
}

/** Whatever waits for `Ready` waits for ever where the author's conditions hide it. */
function hiddenReady({ name, kind, conditions }: Graph): string[] {
  const hasReady = conditions.some(({ node }) => print(node).includes('"Ready"'));
  if (conditions.length === 0 || hasReady) return [];
  return [
    `ResourceGraphDefinition ${name}: the conditions of ${kind} are without Ready, for which kubectl wait and GitOps tools wait; Cel.runtime.condition(schema, 'Ready') keeps kro's`,
  ];
}

export function addressOfDefinition(graph: Graph): ObjectAddress {
  return { label: `definition ${graph.name}`, ...definitionKind, name: graph.name };
}

async function changedFields(
  run: Run,
  { object, live }: { readonly object: KubernetesObject; readonly live: KubernetesObject | undefined },
  options: DeployOptions,
): Promise<{ readonly fields: readonly FieldChange[]; readonly conflict?: Error }> {
  if (!live) return { fields: [] };
  if (emptying(object, live)) return { fields: diff(live, { ...live, spec: object['spec'] }) };
  const address = { label: `definition ${object.metadata.name}`, ...definitionKind, name: object.metadata.name };
  const taking = { label: address.label, take: options.take };
  try {
    const after = await applyTaking(run, object, { dryRun: true, force: options.adopt, ...taking });
    return { fields: diff(live, after) };
  } catch (error) {
    if (!isFieldConflict(error)) throw error;
    const wanted = { ...address, object, source: () => undefined, hide: run.secretValues.hideInAll };
    return { fields: [], conflict: conflictError(wanted, live, untaken(error, object, taking), error) };
  }
}

/** What can never change in a definition; the API server says it of one field, and only when it is written. */
function immutableProblem(graph: Graph, object: KubernetesObject, live: KubernetesObject): KubewrightError | undefined {
  const schemaOf = (definition: KubernetesObject): Record<string, unknown> =>
    fields(fields(definition['spec'])['schema']);
  const [now, before] = [schemaOf(object), schemaOf(live)];
  const defaults: Record<string, string> = { group: 'kro.run', scope: 'Namespaced' };
  const changes = ['group', 'apiVersion', 'kind', 'scope'].flatMap((name) => {
    const [old, wanted] = [before, now].map((schema) => text(schema[name]) ?? defaults[name]);
    return old === wanted ? [] : [`${name} is ${old} and cannot become ${wanted}`];
  });
  if (changes.length === 0) return undefined;
  return new KubewrightError({
    code: 'ImmutableDefinition',
    resource: `definition ${graph.name}`,
    path: 'spec.schema',
    message: `ResourceGraphDefinition ${graph.name} exists, and its ${changes.join(', ')}`,
    hint: 'Give this graph another name and kind; or destroy all instances of the old one, and it with --definition, first.',
  });
}

function foreignDefinition(graph: Graph, live: KubernetesObject): KubewrightError {
  const { name, returns } = ownerOf(live);
  return new KubewrightError({
    code: 'NotOurs',
    resource: `definition ${graph.name}`,
    message: `ResourceGraphDefinition ${graph.name} exists and belongs to ${name}`,
    hint: `${returns === undefined ? '' : `Let ${name} deploy it: \`synth\` writes the files. Or take`}${returns === undefined ? 'Take' : ''} it over with --adopt, or give this one another name and kind.`,
  });
}

/** Applies a definition where it differs and waits until kro serves its kind. */
export async function makeDefinition(run: Run, planned: PlannedDefinition, { take }: DeployOptions): Promise<void> {
  const { graph, object, live, change, breaking } = planned;
  const taking = { force: change.action === 'adopt', label: change.label, take };
  let generation: number | undefined;
  if (change.action !== 'unchanged') {
    const patch = live && emptying(object, live);
    if (patch) await run.cluster.patch(addressOfDefinition(graph), { type: 'merge', body: patch }, { fieldManager });
    const stored = await applyTaking(run, breaking ? allowing(object) : object, taking);
    generation = stored.metadata.generation;
    run.emit({
      type: 'object',
      object: addressOfDefinition(graph),
      action: change.action === 'create' ? 'created' : change.action === 'adopt' ? 'adopted' : 'updated',
    });
  }
  await active(run, planned, generation ?? 0);
  if (breaking) await applyTaking(run, object, taking);
  await served(run, graph);
}

/** With kro's consent to a change of the kind that takes something away, for this one time. */
function allowing(object: KubernetesObject): KubernetesObject {
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, annotations: { ...metadata.annotations, [allowBreaking]: 'true' } } };
}

/** What kro says of a definition. */
const judgements = ['GraphAccepted', 'KindReady', 'ControllerReady'] as const;

/** The condition with which kro refuses a definition as it is now. */
export function refusalOf(subject: Subject): Condition | undefined {
  return judgements.map((type) => condition(subject, type)).find((found) => found?.status === 'False');
}

async function active(
  run: Run,
  { graph, patienceMs: patience }: Pick<PlannedDefinition, 'graph' | 'patienceMs'>,
  generation: number,
): Promise<void> {
  const address = addressOfDefinition(graph);
  const startedAt = performance.now();
  let told: string | undefined;
  await watchOne(run, { ...definitionKind, name: graph.name }, (live) => {
    if (!live || (live.metadata.generation ?? 0) < generation) return undefined;
    const subject = subjectOf(live);
    const judged = judgements.map((type) => condition(subject, type));
    if (subject.status['state'] === 'Active' && judged.every((found) => found?.status === 'True')) {
      run.emit({ type: 'ready', object: address });
      return true;
    }
    const refusal = refusalOf(subject);
    const said = explain(refusal ?? condition(subject, 'Ready'), 'kro has not judged it yet');
    const reason = withSources(said, graph);
    if (reason !== told) run.emit({ type: 'waiting', object: address, reason });
    told = reason;
    // A kind that was installed a moment ago is noticed in a second try.
    if (refusal && performance.now() - startedAt > patience) throw refusedDefinition(graph, reason);
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
