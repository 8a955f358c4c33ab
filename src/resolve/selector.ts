import { KubewrightError } from '../errors.ts';
import type { LabelSelector } from './resolution.ts';

const label = /^(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?$/;
const key = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$/;

/**
 * A computed selector as Kubernetes reads it; nothing selects everything.
 *
 * @throws KubewrightError `InvalidSelector`: what is left out of a selector would make it match too much
 */
export function selectorOf(value: unknown, resource: string): LabelSelector {
  if (value === undefined || value === null) return {};
  const problem = selectorProblem(value);
  if (problem === undefined) return value;
  throw new KubewrightError({
    code: 'InvalidSelector',
    resource,
    path: 'metadata.selector',
    message: `is no label selector: ${problem}`,
    hint: 'Give { matchLabels: { … } } with labels as Kubernetes takes them.',
  });
}

function selectorProblem(value: unknown): string | undefined {
  if (!isFields(value)) return 'it is no object';
  const unknown = Object.keys(value).find((name) => name !== 'matchLabels' && name !== 'matchExpressions');
  if (unknown !== undefined) return `unknown field ${JSON.stringify(unknown)}`;
  const { matchLabels = {}, matchExpressions = [] } = value;
  if (matchLabels !== null && !isFields(matchLabels)) return 'matchLabels is no object';
  for (const [name, text] of Object.entries(matchLabels ?? {})) {
    const problem = keyProblem(name) ?? valueProblem(text);
    if (problem !== undefined) return `matchLabels ${JSON.stringify(name)}: ${problem}`;
  }
  if (matchExpressions !== null && !Array.isArray(matchExpressions)) return 'matchExpressions is no list';
  for (const [index, requirement] of ((matchExpressions ?? []) as unknown[]).entries()) {
    const problem = isFields(requirement) ? requirementProblem(requirement) : 'it is no object';
    if (problem !== undefined) return `matchExpressions[${index}]: ${problem}`;
  }
  return undefined;
}

function requirementProblem({
  key: name,
  operator,
  values = [],
  ...others
}: Readonly<Record<string, unknown>>): string | undefined {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return `unknown field ${JSON.stringify(unknown)}`;
  const wrong = keyProblem(name);
  if (wrong !== undefined) return wrong;
  const listed = values ?? [];
  if (!Array.isArray(listed)) return 'values is no list';
  if (operator === 'In' || operator === 'NotIn') {
    if (listed.length === 0) return `${operator} needs values`;
  } else if (operator !== 'Exists' && operator !== 'DoesNotExist') return `${JSON.stringify(operator)} is no operator`;
  else if (listed.length > 0) return `${operator} takes no values`;
  return listed.map(valueProblem).find((problem) => problem !== undefined);
}

function keyProblem(name: unknown): string | undefined {
  return typeof name === 'string' && key.test(name) ? undefined : `${JSON.stringify(name)} is no key of a label`;
}

function valueProblem(text: unknown): string | undefined {
  return typeof text === 'string' && label.test(text) ? undefined : `${JSON.stringify(text)} is no value of a label`;
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
