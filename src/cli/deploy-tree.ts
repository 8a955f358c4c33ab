import { groupsOf, type Row, type RowState } from './deploy-rows.ts';
import type { Screen, Terminal } from './terminal.ts';

type Colors = Terminal['colors'];

/** What is drawn: the rows, on which screen, at which moment. */
export interface Drawing {
  readonly rows: Iterable<Row>;
  readonly work: 'deploy' | 'destroy';
  /** By `performance.now()`. */
  readonly startedAt: number;
  readonly now: number;
  readonly screen: Screen;
  readonly colors: Colors;
}

/** Lines for what is above and below the tree, the prompt included. */
const spareLines = 4;
/** The most urgent first: what does not fit is left out from the end. */
const urgency: readonly RowState[] = [
  'failing',
  'retrying',
  'waiting',
  'deleting',
  'pending',
  'queued',
  'ready',
  'deleted',
];
const signs: Readonly<Record<RowState, string>> = {
  failing: '✗',
  retrying: '↻',
  waiting: '…',
  deleting: '…',
  pending: '·',
  queued: '·',
  ready: '✓',
  deleted: '✓',
};

/** The resources of a deployment as a tree, no wider and no higher than the screen. */
export function treeLines({ rows, work, startedAt, now, screen, colors }: Drawing): readonly string[] {
  const all = [...rows];
  const counts = new Map<RowState, number>();
  for (const { state } of all) counts.set(state, (counts.get(state) ?? 0) + 1);
  const head = `  ${headText(counts, work)}, ${age(now - startedAt)}`;
  // What nobody touched is counted, not shown.
  const candidates = all.filter(({ unchanged, state }) => !unchanged || state !== 'ready');
  const chosen = choose(candidates, Math.max(3, screen.rows - spareLines));
  const left = candidates.length - chosen.length;
  const lines = [colors.bold(cut(head, screen.columns)), ...branches(chosen, { now, screen, colors })];
  if (left > 0) lines.push(colors.dim(cut(`    and ${left} more: ${leftText(candidates, chosen)}`, screen.columns)));
  return lines;
}

function headText(counts: ReadonlyMap<RowState, number>, work: Drawing['work']): string {
  let total = 0;
  for (const count of counts.values()) total += count;
  const deletions = (counts.get('deleted') ?? 0) + (counts.get('deleting') ?? 0);
  const first =
    work === 'destroy'
      ? `${counts.get('deleted') ?? 0} of ${total} deleted`
      : `${counts.get('ready') ?? 0} of ${total - deletions} ready`;
  const others = urgency.filter((state) => !['ready', 'deleted', 'deleting'].includes(state) && counts.has(state));
  return [first, ...others.map((state) => `${counts.get(state)} ${state}`)].join(', ');
}

function leftText(candidates: readonly Row[], chosen: readonly Row[]): string {
  const shown = new Set(chosen);
  const counts = new Map<RowState, number>();
  for (const row of candidates) if (!shown.has(row)) counts.set(row.state, (counts.get(row.state) ?? 0) + 1);
  return urgency
    .filter((state) => counts.has(state))
    .map((state) => `${counts.get(state)} ${state}`)
    .join(', ');
}

/** The rows that fit with the groups around them, in their own order: the most urgent, of equal ones the latest. */
function choose(rows: readonly Row[], height: number): readonly Row[] {
  const ranked = [...rows].sort(
    (a, b) => urgency.indexOf(a.state) - urgency.indexOf(b.state) || (isOver(a) ? b.since - a.since : 0),
  );
  const groups = new Set<string>();
  const chosen = new Set<Row>();
  for (const row of ranked) {
    const fresh = groupsOf(row.label).filter((group) => !groups.has(group));
    if (chosen.size + 1 + groups.size + fresh.length > height) break;
    chosen.add(row);
    for (const group of fresh) groups.add(group);
  }
  return rows.filter((row) => chosen.has(row));
}

function isOver({ state }: Row): boolean {
  return state === 'ready' || state === 'deleted';
}

interface Branching extends Pick<Drawing, 'now' | 'screen' | 'colors'> {
  /** Columns of the names, indented as they are. */
  readonly width: number;
}

function branches(rows: readonly Row[], drawing: Pick<Drawing, 'now' | 'screen' | 'colors'>): readonly string[] {
  const { screen } = drawing;
  const longest = Math.max(0, ...rows.map(({ title, label }) => title.length + 2 * groupsOf(label).length));
  const width = Math.min(longest, Math.max(20, Math.floor(screen.columns * 0.45)));
  const drawn = new Set<string>();
  const lines: string[] = [];
  const draw = (group: string, depth: number): void => {
    for (const row of rows) {
      const groups = groupsOf(row.label);
      if ((groups[depth - 1] ?? '') !== group) continue;
      const next = groups[depth];
      if (next === undefined) lines.push(rowLine(row, depth, { ...drawing, width }));
      else if (!drawn.has(next)) {
        drawn.add(next);
        lines.push(cut(indent(depth) + next.slice(next.lastIndexOf('/') + 1), screen.columns));
        draw(next, depth + 1);
      }
    }
  };
  draw('', 0);
  return lines;
}

function indent(depth: number): string {
  return ' '.repeat(4 + 2 * depth);
}

function rowLine(row: Row, depth: number, { now, screen, colors, width }: Branching): string {
  const { title, state, since, reason } = row;
  const room = width - 2 * depth;
  const name = cut(title, room + 1).padEnd(room);
  const left = `${indent(depth)}${signs[state]} ${name}  ${state.padEnd(8)} ${age(now - since).padStart(6)}`;
  const right = reason === undefined ? '' : `  ${reason.replaceAll(/\s+/g, ' ')}`;
  const line = cut(left + right, screen.columns);
  return paint(state, colors)(line.slice(0, left.length)) + line.slice(left.length);
}

function paint(state: RowState, { red, yellow, green, dim }: Colors): (text: string) => string {
  if (state === 'failing') return red;
  if (state === 'ready' || state === 'deleted') return green;
  return state === 'queued' || state === 'pending' ? dim : yellow;
}

/** One column less than there are: a full line makes some terminals begin another. */
function cut(text: string, columns: number): string {
  return text.length < columns ? text : `${text.slice(0, Math.max(0, columns - 2))}…`;
}

/** `4 s`, `12 min`, `3 h`. */
function age(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}
