import { check } from '../expr/check.ts';
import { createEnvironment, type Environment } from '../expr/environment.ts';
import { CelError } from '../expr/error.ts';
import { compile, type Program } from '../expr/evaluate.ts';
import type { Expression } from '../expr/value.ts';
import type { Graph } from '../graph/graph.ts';
import { typesOf } from '../graph/types.ts';
import { type Surroundings, variables } from './node-state.ts';

/** A condition of a status, without the times that only a cluster knows. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** The author's own conditions, which kro writes in place of its own; `undefined` where there are none. */
export function authorConditions(around: Surroundings, isReady: boolean): readonly Condition[] | undefined {
  const { graph } = around;
  if (graph.conditions.length === 0) return undefined;
  const schema = { ...around.schema, status: { conditions: ownConditions(isReady) } };
  const others = variables(around);
  const values = (name: string): unknown => (name === 'schema' ? schema : others(name));
  return graph.conditions.flatMap((expression) => {
    try {
      const value = programOf(graph, expression).evaluate(values);
      return (Array.isArray(value) ? value : [value]).map(conditionOf);
    } catch (error) {
      // kro keeps what it wrote before; here nothing was.
      if (error instanceof CelError) return [];
      throw error;
    }
  });
}

function conditionOf(value: unknown): Condition {
  const { type, status, reason, message } = value as Condition;
  return { type, status, ...(reason && { reason }), ...(message && { message }) };
}

/** What kro itself has to say about an instance. */
function ownConditions(isReady: boolean): Condition[] {
  const status = isReady ? 'True' : 'False';
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
    { type: 'ResourcesReady', status, reason: isReady ? 'AllResourcesReady' : 'NotReady' },
    { type: 'Ready', status, reason: isReady ? 'Ready' : 'NotReady' },
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
