import type { Orphan } from '../expr/operators.ts';
import { pathOf } from '../expr/path.ts';
import type { Problems } from './problems.ts';

/** An operator whose result went nowhere was looked at by JavaScript, which sees an object that is always true. */
export function orphanProblems(orphans: readonly Orphan[], problems: Problems): void {
  for (const { node, source } of orphans) {
    problems.add({
      code: 'UnusedExpression',
      path: pathOf(node),
      message: `its result was used as a JavaScript condition, or not at all${source ? ` (${source})` : ''}`,
      hint: 'Use .choose(a, b) for a value, includeWhen for a resource, or remove it.',
    });
  }
}
