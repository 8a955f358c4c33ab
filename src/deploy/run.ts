import { isApiError } from '../cluster/api-error.ts';
import { KubewrightError } from '../errors.ts';
import type { ApiResource, KindReference } from '../cluster/cluster.ts';
import type { Graph } from '../graph/graph.ts';
import type { Instance, InstanceValues, Observed, Resolution } from '../resolve/resolution.ts';
import { resolve } from '../resolve/resolve.ts';
import { PatientCluster } from './patient-cluster.ts';
import { identify, type Identity } from './identity.ts';
import type {
  DeployedObject,
  DeployEvent,
  Mode,
  ObjectAddress,
  RecordOptions,
  SecretsPolicy,
  TargetOptions,
} from './options.ts';
import { Pool } from './pool.ts';
import type { Restored } from './kro/restoring.ts';
import { defaultHistoryMax, type Commit } from './revisions.ts';
import { SecretValues } from './secret-values.ts';

/** What every step of one call is given. */
export interface Run {
  readonly graph: Graph;
  readonly instance: Instance & { readonly namespace: string };
  readonly identity: Identity;
  readonly mode: Mode;
  readonly cluster: PatientCluster;
  readonly secrets: SecretsPolicy;
  /** kro's feature gates that are on. */
  readonly featureGates: readonly string[];
  readonly pool: Pool;
  /** Aborted by the caller, by the deadline, or by `stop`. */
  readonly signal: AbortSignal;
  /** Ends the run after the writes that are under way, and what follows it. */
  readonly stop: (reason: Error) => void;
  /** Aborted by `stop` alone: nothing may be written any more, not even to restore what was there. */
  readonly stopped: AbortSignal;
  readonly startedAt: number;
  readonly timeoutMs: number;
  readonly emit: (event: DeployEvent) => void;
  /** What must appear nowhere. */
  readonly secretValues: SecretValues;
  /** Scope of kinds that were asked for already. */
  readonly kinds: Map<string, ApiResource>;
  /** What the graph means for the objects that were observed, and for the values of instances before. */
  readonly resolve: (observed: Observed, before?: InstanceValues) => Resolution;
  /** Every object that was written, in the order in which it was. */
  readonly written: readonly WrittenObject[];
  /** The revision that this run restores. */
  readonly rollbackTo?: number;
  /** kro mode: what is restored, in place of what the graph says. */
  readonly restored?: Restored;
  /** Whether a record that cannot be read is made anew. */
  readonly repairRecord: boolean;
  readonly historyMax: number;
  readonly commit?: (() => Promise<Commit | undefined>) | undefined;
  /** It only reads, so values of Secrets may be missing. */
  readonly readOnly?: boolean;
}

/** An object and what was done to it. */
export interface WrittenObject extends ObjectAddress {
  readonly action: DeployedObject['action'];
}

const defaultTimeoutMs = 900_000;

/** Prepares a call; nothing is sent. */
export function startRun(graph: Graph, options: TargetOptions & RecordOptions): Run {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const deadline = AbortSignal.timeout(timeoutMs);
  const own = new AbortController();
  const signal = AbortSignal.any([own.signal, deadline, ...(options.signal ? [options.signal] : [])]);
  const cluster = new PatientCluster(options.cluster, signal, own.signal);
  const identity = identify({ name: graph.stackName ?? graph.name }, options.instance, cluster.namespace);
  const instance = { ...options.instance, namespace: identity.namespace };
  const written: WrittenObject[] = [];
  const names = graph.nodes.flatMap(({ id, kind }) => [id, kind]);
  const secretValues = new SecretValues([graph.name, graph.kind, instance.name, instance.namespace, ...names]);
  return {
    graph,
    instance,
    identity,
    mode: options.mode,
    cluster,
    secrets: options.secrets ?? 'plain',
    featureGates: options.featureGates ?? [],
    pool: new Pool(),
    signal,
    stop: (reason) => own.abort(reason),
    stopped: own.signal,
    startedAt: performance.now(),
    timeoutMs,
    emit: (event) => {
      if (event.type === 'object') written.push({ ...event.object, action: event.action });
      options.onEvent?.(withoutSecrets(event, secretValues));
    },
    secretValues,
    written,
    kinds: new Map(),
    resolve: (observed, before) => resolve(graph, instance, observed, { before }),
    repairRecord: options.repairRecord ?? false,
    historyMax: checkHistoryMax(options.historyMax ?? defaultHistoryMax),
    commit: options.commit,
  };
}

/** Plans have theirs hidden already. */
function withoutSecrets(event: DeployEvent, { hideIn }: SecretValues): DeployEvent {
  if ('reason' in event && event.reason !== undefined) return { ...event, reason: hideIn(event.reason) };
  return event.type === 'warning' ? { ...event, message: hideIn(event.message) } : event;
}

function checkHistoryMax(value: number): number {
  if (Number.isInteger(value) && value >= 2) return value;
  throw new KubewrightError({
    code: 'Usage',
    path: 'historyMax',
    message: `takes a whole number from 2 (was ${value})`,
  });
}

/** How a kind is served, asked once per call; `undefined` when it is not served (yet). */
export async function kindOf(run: Run, { apiVersion, kind }: KindReference): Promise<ApiResource | undefined> {
  const key = `${apiVersion}/${kind}`;
  const known = run.kinds.get(key);
  if (known) return known;
  const found = await run.cluster.discover({ apiVersion, kind }, { signal: run.signal });
  if (found) run.kinds.set(key, found);
  return found;
}

/** The subject of messages about the whole deployment. */
export function subject(run: Run): string {
  return `${run.graph.name} ${run.instance.namespace}/${run.instance.name}`;
}

/** Whether its time is over. */
export function isOutOfTime({ signal }: Run): boolean {
  return (signal.reason as Error | undefined)?.name === 'TimeoutError';
}

/** The error of a call that was stopped: by its caller, or because its time was over. */
export function stopped(run: Run, left: readonly string[], cause?: unknown): KubewrightError {
  const timeout = isOutOfTime(run);
  const shown = left.length > 12 ? [...left.slice(0, 12), `and ${left.length - 12} more`] : left;
  const rest = shown.length > 0 ? `; left:\n${shown.map((line) => `  - ${line}`).join('\n')}\n` : '';
  return new KubewrightError({
    code: timeout ? 'Timeout' : 'Interrupted',
    resource: subject(run),
    message: timeout ? `not finished after ${Math.round(run.timeoutMs / 1000)} s${rest}` : `stopped${rest}`,
    hint: timeout
      ? 'Look at what waits, or give it more time with --timeout <seconds> (`timeoutMs` of the library).'
      : 'Run it again to continue; what was done stays.',
    cause,
  });
}

/** Turns the rejections of an aborted call into the error that says so. */
export async function whileRunning<T>(run: Run, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    run.secretValues.hideInError(error);
    if (error instanceof KubewrightError) throw withWayToPermissions(error);
    if (run.signal.aborted && error === run.signal.reason) throw stopped(run, [], error);
    throw error;
  }
}

/** A lack of permissions is known from how the server says it; admission and quotas refuse with the same code. */
function withWayToPermissions(error: KubewrightError): KubewrightError {
  if (!isApiError(error, 'Forbidden') || !/ cannot \w+ resource /.test(error.message)) return error;
  const { code, resource, message } = error;
  return new KubewrightError({
    code,
    resource,
    message: message.slice(resource === undefined ? 0 : `${resource}: `.length),
    hint: 'The verb `rbac` prints the permissions that are needed: `rbac --for <verb>`.',
    cause: error,
  });
}
