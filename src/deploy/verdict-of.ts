import type { KubernetesObject } from '../cluster/cluster.ts';
import type { Graph } from '../graph/graph.ts';
import { unmetReadiness } from '../resolve/node-state.ts';
import type { NodePath, Pending, Resolution } from '../resolve/resolution.ts';
import { chain } from './gates.ts';
import { judge } from './readiness/table.ts';
import { failed, waiting, type RuleContext, type Verdict } from './readiness/verdict.ts';

/** An object and the node that it was made from. */
export interface Made {
  readonly path: NodePath;
  readonly object: KubernetesObject;
}

/** How an object of a graph does: by the rule for its kind, and by what its node says with `readyWhen`. */
export function verdictOf(graph: Graph, { path, object }: Made, rules: RuleContext): Verdict {
  const place = chain(graph, path).at(-1);
  if (!place || place.node.readyWhen.length === 0) return judge(object, rules);
  const verdict = judge(object, { ...rules, hasReadyWhen: true });
  if (verdict.state === 'failed') return verdict;
  try {
    const unmet = unmetReadiness(place.node, object, place.graph);
    if (unmet === undefined) return verdict;
    // Patience with a controller that reports nothing is none with the graph's own words.
    return waiting(verdict.state === 'waiting' ? `${verdict.reason}; ${unmet}` : unmet);
  } catch (error) {
    return failed((error as Error).message);
  }
}

const unmetBy = new WeakMap<Resolution, readonly Pending[]>();

/** Nodes without an object of their own that are not ready: instances of other graphs, and what others make. */
export function unmetAround(graph: Graph, resolution: Resolution): readonly Pending[] {
  let unmet = unmetBy.get(resolution);
  if (!unmet) {
    unmet = resolution.waiting.filter(({ path }) => {
      const node = chain(graph, path).at(-1)?.node;
      return node !== undefined && (node.instanceOf !== undefined || node.external !== undefined);
    });
    unmetBy.set(resolution, unmet);
  }
  return unmet;
}
