import { differences } from '../deploy/diff.ts';
import type { Drift, ExpressionReason, ExpressionTree, FieldChange, Mode } from '../deploy/options.ts';
import { excerpts } from '../deploy/excerpt.ts';
import type { Terminal } from './terminal.ts';

type Colors = Terminal['colors'];

const maxValue = 80;
const maxExpression = 120;
const maxDifferences = 5;

/** What is in the way, with its parts: expressions without a value, conditions that do not hold and what depends on them. */
export function reasonLines(reasons: readonly ExpressionReason[], { bold, dim }: Colors): readonly string[] {
  return reasons
    .filter(isTelling)
    .flatMap(({ path, field, ...tree }) =>
      field === 'includeWhen' && tree.error === undefined
        ? [dim(`  ${path} is left out: ${cut(tree.expression, maxExpression)} = false`)]
        : [`  ${bold([path, field].filter(Boolean).join(' '))}`, ...treeLines(tree, 2)],
    );
}

function isTelling({ error, value, parts }: ExpressionTree): boolean {
  if (error !== undefined || typeof value === 'boolean') return value !== true;
  return parts.some((part) => part.error !== undefined || part.value === false);
}

function treeLines({ expression, value, error, parts }: ExpressionTree, depth: number): readonly string[] {
  const result = error === undefined ? `= ${short(value, maxValue)}` : `: ${error}`;
  // Where the whole has no value for want of a part, saying so once is enough.
  const shown = parts.filter((part) => error === undefined || part.error !== error);
  return [
    `${'  '.repeat(depth)}${cut(expression, maxExpression)} ${result}`,
    ...shown.flatMap((part) => treeLines(part, depth + 1)),
  ];
}

/** What others did, one line each, and what could not be compared. */
export function driftLines(drift: readonly Drift[], mode: Mode, { green, yellow, dim }: Colors): readonly string[] {
  const limits = mode === 'kro' ? [dim('  not compared: what kro makes, which it corrects itself')] : [];
  if (drift.length === 0)
    return [`  ${green('no drift')}${mode === 'kro' ? ' of definition, instance and Secrets' : ''}`, ...limits];
  const lines = drift.flatMap(({ kind, name, change, path = '', wanted, found, reason }) => {
    if (change === 'unknown') return `  ${yellow('unknown')} ${kind} ${name} ${dim(`(${reason})`)}`;
    const head = `  ${yellow('drift')} ${kind} ${name}`;
    if (change !== 'field') return `${head} ${dim(`(${reason})`)}`;
    const fields = differences(path, wanted, found);
    const shown = fields.length > 0 ? fields.slice(0, maxDifferences) : [{ path, before: wanted, after: found }];
    const more = fields.length - shown.length;
    return [
      ...shown.map((field) => `${head} ${field.path}: ${differenceText(field)} ${dim(`(${reason})`)}`),
      ...(more > 0 ? [`${head} ${path}: ${more} more of its fields differ`] : []),
    ];
  });
  return [...lines, ...limits];
}

const secret = '(secret)';

function differenceText({ before, after }: FieldChange): string {
  if (before === secret && after === secret) return `${secret} changes`;
  const texts = excerpts(before, after, maxValue);
  return [before, after].map((value, index) => (value === secret ? secret : texts[index])).join(' → ');
}

function short(value: unknown, length: number): string {
  return cut(JSON.stringify(value) ?? 'nothing', length);
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
