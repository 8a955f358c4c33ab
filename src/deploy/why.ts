import { toJson } from '../expr/evaluate.ts';
import type { Explanation } from '../expr/explain.ts';
import type { ExplainedExpression } from '../resolve/explain.ts';
import { maskDeep, type Mask } from './secret-values.ts';
import type { ExpressionReason, ExpressionTree } from './options.ts';

/** Explanations as data, without values of Secrets. */
export function expressionReasons(found: readonly ExplainedExpression[], mask: Mask): readonly ExpressionReason[] {
  return found.map(({ path, field, explanation }) => ({ path, field, ...tree(explanation, mask) }));
}

function tree({ expression, value, error, parts }: Explanation, mask: Mask): ExpressionTree {
  return {
    expression: mask(expression),
    ...(error ? { error: mask(error.reason) } : { value: maskDeep(plain(value), mask) }),
    parts: parts.map((part) => tree(part, mask)),
  };
}

/** Values that JSON does not have are shown as text. */
function plain(value: unknown): unknown {
  try {
    return toJson(value);
  } catch {
    return String(value);
  }
}
