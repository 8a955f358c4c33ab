import { check } from '../expr/check.ts';
import { createEnvironment } from '../expr/environment.ts';
import { CelError } from '../expr/error.ts';
import { compile } from '../expr/evaluate.ts';
import type { Graph } from '../graph/graph.ts';
import { typesOf } from '../graph/types.ts';
import type { Instance, NodePath } from '../resolve/resolution.ts';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

interface Reached {
  /** Objects by the ids of their nodes. */
  readonly observed: ReadonlyMap<NodePath, unknown>;
  readonly state: 'ACTIVE' | 'IN_PROGRESS' | 'ERROR';
}

/** The author's own conditions, which kro writes in place of its own; `undefined` where there are none. */
export function authorConditions(graph: Graph, instance: Instance, reached: Reached): readonly Condition[] | undefined {
  const { origin } = graph;
  if (!origin || origin.conditions.length === 0) return undefined;
  const types = typesOf(graph);
  const environment = createEnvironment({
    functions: 'kro',
    variables: (name) => (name === 'schema' ? { kind: 'dyn' } : types.typeOf(name)),
    runtime: true,
  });
  const schema = schemaWithConditions(graph, instance, reached.state);
  const values = (name: string): unknown => (name === 'schema' ? schema : reached.observed.get(name));
  return origin.conditions.flatMap(({ node }) => {
    try {
      const value = compile(check(node, environment), environment).evaluate(values);
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

/** The instance, with what kro itself has to say about it. */
function schemaWithConditions(
  { group, version, kind }: Graph,
  { name, namespace, labels, annotations, spec }: Instance,
  state: Reached['state'],
): object {
  const isReady = state === 'ACTIVE' ? 'True' : 'False';
  const conditions: Condition[] = [
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
    { type: 'ResourcesReady', status: isReady, reason: isReady === 'True' ? 'AllResourcesReady' : 'NotReady' },
    { type: 'Ready', status: isReady, reason: isReady === 'True' ? 'Ready' : 'NotReady' },
  ];
  return {
    apiVersion: `${group}/${version}`,
    kind,
    metadata: { name, namespace, labels, annotations },
    spec,
    status: { conditions },
  };
}
