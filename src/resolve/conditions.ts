import { KubewrightError } from '../errors.ts';
import { check } from '../expr/check.ts';
import { createEnvironment, type Environment } from '../expr/environment.ts';
import { CelError } from '../expr/error.ts';
import { compile, type Program } from '../expr/evaluate.ts';
import type { Expression } from '../expr/value.ts';
import type { Graph } from '../graph/graph.ts';
import { typesOf } from '../graph/types.ts';
import { type Surroundings, variables } from './node-state.ts';
import type { Pending } from './resolution.ts';

/** A condition of a status, without the times that only a cluster knows. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface AuthorConditions {
  readonly conditions: readonly Condition[];
  /** What kro says beyond waiting: the instance is then in the state ERROR, with the conditions that are left. */
  readonly problem?: KubewrightError | undefined;
}

/** The author's own conditions, which kro writes in place of its own; `undefined` where there are none. */
export function authorConditions(around: Surroundings, unready: readonly Pending[]): AuthorConditions | undefined {
  const { graph } = around;
  if (graph.conditions.length === 0) return undefined;
  const schema = { ...around.schema, status: { conditions: ownConditions(unready) } };
  const others = variables(around);
  const values = (name: string): unknown => (name === 'schema' ? schema : others(name));
  let problem: KubewrightError | undefined;
  const found = graph.conditions.flatMap((expression, index) => {
    try {
      const value = programOf(graph, expression).evaluate(values);
      return (Array.isArray(value) ? value : [value]).map(conditionOf);
    } catch (error) {
      // kro keeps what it wrote before; here nothing was.
      if (!(error instanceof CelError)) throw error;
      if (!error.missing) problem ??= problemAt(`conditions[${index}]`, error.reason);
      return [];
    }
  });
  const repeated = [...new Set(found.map(({ type }) => type).filter(isRepeated))].sort();
  if (repeated.length > 0)
    problem ??= problemAt('conditions', `duplicate condition type(s) ${repeated.join(', ')} dropped`);
  return { conditions: found.filter(({ type }) => !repeated.includes(type)), problem };
}

function isRepeated(type: string, index: number, types: readonly string[]): boolean {
  return types.indexOf(type) !== index;
}

function problemAt(path: string, message: string): KubewrightError {
  return new KubewrightError({ code: 'InvalidConditions', resource: 'status', path, message });
}

function conditionOf(value: unknown): Condition {
  const { type, status, reason, message } = value as Condition;
  return { type, status, ...(reason && { reason }), ...(message && { message }) };
}

/** What kro itself has to say about an instance. */
function ownConditions(unready: readonly Pending[]): Condition[] {
  const isReady = unready.length === 0;
  const status = isReady ? 'True' : 'False';
  const message = isReady
    ? 'all resources are created and ready'
    : `awaiting resource readiness: ${unready.map(({ path, reason }) => `${path}: ${reason}`).join('\n')}`;
  return [
    {
      type: 'InstanceManaged',
      status: 'True',
      reason: 'Managed',
      message: 'instance is properly managed with finalizers and labels',
    },
    {
      type: 'GraphResolved',
      status: 'True',
      reason: 'Resolved',
      message: 'runtime graph created and all resources resolved',
    },
    { type: 'ResourcesReady', status, reason: isReady ? 'AllResourcesReady' : 'NotReady', message },
    isReady ? { type: 'Ready', status, reason: 'Ready' } : { type: 'Ready', status, reason: 'NotReady', message },
  ];
}

/** The instance with its status: no variable of other expressions has one. */
function environmentOf(graph: Graph): Environment {
  const types = typesOf(graph);
  return createEnvironment({
    functions: 'kro',
    variables: (name) => (name === 'schema' ? { kind: 'dyn' } : types.typeOf(name)),
    runtime: true,
  });
}

function programOf(graph: Graph, expression: Expression): Program {
  let { program } = expression.memo;
  if (!program) {
    const environment = environmentOf(graph);
    program = expression.memo.program = compile(check(expression.node, environment), environment);
  }
  return program;
}
