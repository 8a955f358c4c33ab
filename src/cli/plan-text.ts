import type { FieldChange, Plan, PlannedChange } from '../deploy/options.ts';
import { type Counting, plannedCounts } from './counts.ts';
import { excerpts } from '../deploy/excerpt.ts';
import type { Terminal } from './terminal.ts';

type Colors = Terminal['colors'];

const signs: Readonly<Record<PlannedChange['action'], string>> = {
  create: '+',
  update: '~',
  replace: '±',
  delete: '-',
  adopt: '!',
  check: '?',
  unchanged: ' ',
};

/** More than this does not fit one screen. */
const maxObjects = 40;
const maxFields = 6;
const maxWidth = 58;

/** A plan on one screen: what is made (+), changed (~), deleted (-), replaced (±) and taken over (!). */
export function planText(plan: Plan, colors: Colors, counting: Counting): string {
  const changes = plan.changes.filter(({ action }) => action !== 'unchanged' && action !== 'check');
  const shown = changes.slice(0, maxObjects);
  const width = Math.max(0, ...shown.map((change) => title(change).length));
  const lines = plan.createsNamespace === undefined ? [] : [colors.green(`  + Namespace ${plan.createsNamespace}`)];
  for (const change of shown) {
    lines.push(
      `${paint(change, colors)(`  ${signs[change.action]} ${title(change)}`)}${' '.repeat(width - title(change).length)}  ${colors.dim(change.label)}`,
    );
    for (const field of change.fields.slice(0, maxFields)) lines.push(`      ${fieldText(field)}`);
    if (change.fields.length > maxFields) lines.push(`      … and ${change.fields.length - maxFields} more fields`);
  }
  if (changes.length > shown.length) lines.push(`  … and ${changes.length - shown.length} more objects`);
  if (plan.deletesNamespace !== undefined)
    lines.push(colors.red(`  - Namespace ${plan.deletesNamespace} (if nothing else is in it)`));
  for (const { path, reason, kind, name, namespace, action, objects = 1, unknown } of plan.pending) {
    const one = kind === undefined ? path : name === undefined ? `${kind} ${path}` : title({ kind, name, namespace });
    const what = objects > 1 ? `${one} (${objects} objects)` : one;
    lines.push(
      `${action === 'create' ? colors.green(`  + ${what}`) : `  · ${what}`}${colors.dim(`  later: ${reason}`)}`,
    );
    for (const field of unknown.slice(0, maxFields)) lines.push(colors.dim(`      ${field.path}: ${field.expression}`));
    if (unknown.length > maxFields) lines.push(colors.dim(`      … and ${unknown.length - maxFields} more fields`));
  }
  lines.push(...impactLines(plan, colors));
  for (const warning of plan.warnings) lines.push(colors.yellow(`  warning: ${warning}`));
  // What a problem lists stands below it.
  for (const { message } of plan.problems) lines.push(colors.red(`  error: ${message.replaceAll('\n', '\n  ')}`));
  return [...lines, `  ${plannedCounts(plan, counting)}`].join('\n');
}

/** What the changes mean for what runs. */
function impactLines({ impact }: Plan, { yellow, red }: Colors): string[] {
  if (!impact) return [];
  const why = (because: readonly string[]): string =>
    because.length > 0 ? ` (${because.slice(0, 3).join(', ')})` : '';
  return [
    ...impact.restarts.map((each) =>
      each.effect === 'end'
        ? red(`  pods of ${title(each)} end`)
        : yellow(`  pods of ${title(each)} restart${why(each.because)}`),
    ),
    ...impact.endpoints.map((each) => red(`  ${title(each)} is left without pods`)),
  ];
}

function title({ kind, name, namespace }: Pick<PlannedChange, 'kind' | 'name' | 'namespace'>): string {
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

function paint({ action }: PlannedChange, { green, yellow, red, magenta }: Colors): (text: string) => string {
  if (action === 'create') return green;
  if (action === 'delete' || action === 'replace') return red;
  return action === 'adopt' ? magenta : yellow;
}

function fieldText({ path, before, after }: FieldChange): string {
  if (before === '(secret)' && after === '(secret)') return `${path}: (secret) changes`;
  const [old, next] = excerpts(before, after, maxWidth);
  if (before === undefined) return `${path}: ${next} (new)`;
  return after === undefined ? `${path}: ${old} (removed)` : `${path}: ${old} → ${next}`;
}
