import { KubewrightError } from '../errors.ts';
import type { Expression } from '../expr/value.ts';
import type { GraphNode } from '../graph/graph.ts';

/** One item of a collection: its position, and the value of each dimension's variable. */
export interface Iteration {
  readonly index: number;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** kro's `--rgd-max-collection-size`. */
const largestCollection = 1000;

/**
 * Every combination of the dimensions' items, the first dimension outermost.
 *
 * @throws KubewrightError `CollectionTooLarge` above kro's limit of 1000
 */
export function combinations(
  node: GraphNode,
  evaluate: (list: Expression, field: string) => unknown,
): readonly Iteration[] {
  let rows: Record<string, unknown>[] = [{}];
  for (const { name, list } of node.forEach) {
    const items = evaluate(list, `forEach.${name}`);
    if (!Array.isArray(items)) {
      throw new KubewrightError({
        code: 'NotAList',
        resource: node.id,
        path: `forEach.${name}`,
        message: 'is not a list',
      });
    }
    // kro does not look at the other dimensions then.
    if (items.length === 0) return [];
    const size = rows.length * items.length;
    if (size > largestCollection) {
      throw new KubewrightError({
        code: 'CollectionTooLarge',
        resource: node.id,
        path: 'forEach',
        message: `makes ${size} objects, and kro makes at most ${largestCollection}`,
        hint: 'Split the collection.',
      });
    }
    rows = rows.flatMap((row) => items.map((item) => ({ ...row, [name]: item })));
  }
  return rows.map((variables, index) => ({ index, variables }));
}
