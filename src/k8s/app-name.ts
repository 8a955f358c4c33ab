import { Cel } from '../expr/cel.ts';
import type { Input, Inputs } from '../expr/expression.ts';
import { nodeOf } from '../expr/nodes.ts';
import { pathOf } from '../expr/path.ts';
import { isExpression, type Refuse } from './shorthand.ts';

/** The label that selectors of shorthand workloads match. */
export function appLabel(name: Input<string>): { readonly app: Input<string> } {
  return { app: name };
}

/** The app label and the author's own, which cannot replace it: the selector would no longer match. */
export function withAppLabel(
  name: Input<string>,
  labels: Inputs<Record<string, string>> | undefined,
  refuse: Refuse,
): unknown {
  if (labels === undefined) return appLabel(name);
  if (isExpression(labels)) return Cel.expr<Record<string, string>>`${labels}.merge({'app': ${name}})`;
  const { app, ...others } = labels as Record<string, Input<string>>;
  if (app !== undefined && textOf(app) !== textOf(name)) {
    refuse({
      code: 'AppLabel',
      path: 'labels.app',
      message: `has to be the name, ${textOf(name)}, as the selector matches it`,
      hint: 'Remove it, or use another key such as app.kubernetes.io/name.',
    });
  }
  return { ...appLabel(name), ...others };
}

/** A shorthand workload's name is its container's name too, which allows less. */
export function checkWorkloadName(name: Input<string>, refuse: Refuse): void {
  if (typeof name !== 'string' || /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) return;
  refuse({
    code: 'InvalidName',
    path: 'name',
    message: 'is the name of the container too and has to be lower-case letters, digits and dashes, at most 63',
    hint: 'Rename it, or use the full factory with another container name.',
  });
}

function textOf(value: Input<string>): string {
  const node = nodeOf(value);
  return node ? pathOf(node) : JSON.stringify(value);
}
