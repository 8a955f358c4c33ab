import type { KubernetesObject } from '../../cluster/cluster.ts';

/** How an object does. */
export type Verdict =
  | { readonly state: 'ready'; readonly reason?: string }
  | {
      readonly state: 'waiting';
      readonly reason: string;
      /** Milliseconds after which it counts as ready all the same, with a warning: nobody may ever report on it. */
      readonly graceMs?: number;
    }
  | { readonly state: 'failed'; readonly reason: string };

/** What a rule may know beside the object. */
export interface RuleContext {
  /** Whether volumes of a storage class wait for their first pod; `undefined` when that is not known. */
  readonly waitsForConsumer?: (storageClass: string | undefined) => boolean | undefined;
  /** Whether a Service has endpoints that are ready. */
  readonly endpoints?: (service: ServiceReference) => boolean;
  /** Whether the kinds of a definition are served. */
  readonly served?: (definition: KubernetesObject) => boolean;
  /** Whether the graph says itself when the object is ready, so that nothing is guessed for kinds without a rule. */
  readonly hasReadyWhen?: boolean;
  /** Whether the definition of the object's kind declares status conditions. */
  readonly declaresConditions?: (object: KubernetesObject) => boolean;
}

/** A Service whose endpoints matter. */
export interface ServiceReference {
  readonly namespace: string;
  readonly name: string;
}

/** Judges an object that has the rule's kind, is not being deleted and whose status is not known to be old. */
export type Rule = (object: Subject, context: RuleContext) => Verdict;

/** An object with its parts at hand. */
export interface Subject {
  readonly object: KubernetesObject;
  readonly spec: Fields;
  readonly status: Fields;
  readonly conditions: readonly Condition[];
}

export type Fields = Readonly<Record<string, unknown>>;

/** One entry of `status.conditions`. */
export interface Condition {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime?: string;
}

export const ready: Verdict = { state: 'ready' };

export function waiting(reason: string, graceMs?: number): Verdict {
  return { state: 'waiting', reason, ...(graceMs !== undefined && { graceMs }) };
}

export function failed(reason: string): Verdict {
  return { state: 'failed', reason };
}

export function subjectOf(object: KubernetesObject): Subject {
  const status = fields(object['status']);
  const list = status['conditions'];
  return { object, spec: fields(object['spec']), status, conditions: Array.isArray(list) ? (list as Condition[]) : [] };
}

export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function count(value: unknown, absent = 0): number {
  return typeof value === 'number' ? value : absent;
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A condition that speaks about the current generation. */
export function condition({ conditions, object }: Subject, type: string): Condition | undefined {
  const found = conditions.find((entry) => entry.type === type);
  return found && (found.observedGeneration ?? Infinity) >= (object.metadata.generation ?? 0) ? found : undefined;
}

/** `ImagePullBackOff: Back-off pulling image …`, as far as a condition says it. */
export function explain(found: Condition | undefined, absent: string): string {
  return [found?.reason, found?.message].filter(Boolean).join(': ') || absent;
}

/** Says so when the status is about an older generation, or about none. */
export function notObserved({ object, status }: Subject): Verdict | undefined {
  const generation = object.metadata.generation ?? 0;
  return observed(status) < generation
    ? waiting(`its controller has not seen generation ${generation} yet`)
    : undefined;
}

/** The generation that a status is about. Some write it as text; a hash in its place tells nothing. */
function observed({ observedGeneration: seen }: Fields): number {
  if (typeof seen === 'string' && seen !== '') return /^\d+$/.test(seen) ? Number(seen) : Infinity;
  return count(seen, -1);
}

/** A rule for kinds that say with conditions how they do: all of `wanted` are True. */
export function byConditions(wanted: readonly string[]): Rule {
  return (subject) => {
    for (const type of wanted) {
      const found = condition(subject, type);
      if (found?.status !== 'True')
        return waiting(
          `${type} is ${found?.status ?? 'not reported'}${found ? ` (${explain(found, 'no reason given')})` : ''}`,
        );
    }
    return ready;
  };
}
