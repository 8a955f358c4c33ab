import type { History, HistoryEntry } from '../deploy/history.ts';
import { heading } from './heading.ts';
import { targetOptions, withCluster, withProgress } from './session.ts';
import type { Stack } from './stack.ts';
import type { Target } from './target.ts';
import { loadOneTargets } from './targets.ts';
import type { Terminal } from './terminal.ts';
import type { Call, Outcome, Verb } from './verb.ts';

/** `history`: who deployed what, when. */
export const historyVerb: Verb = {
  name: 'history',
  summary: 'shows who deployed what and when, newest first',
  examples: ['history --env dev', 'history --env prod --output json'],
  operand: 'stack',
  environment: 'required',
  run: runHistory,
};

async function runHistory({ stacks, flags, terminal, signal }: Call): Promise<Outcome> {
  const { environment, targets } = await loadOneTargets(stacks[0] as Stack, flags['env']);
  const { history } = await import('../deploy/history.ts');
  const results: { target: Target; result: History }[] = [];
  await withProgress(terminal, async (progress) => {
    for (const target of targets) {
      const result = await withCluster(target.cluster, progress, (cluster) =>
        history(target.graph, targetOptions(target, cluster, signal)),
      );
      results.push({ target, result });
    }
  });
  return {
    document: {
      environment: environment.name,
      graphs: results.map(({ target, result }) => ({ graph: target.name, mode: target.mode, ...result })),
    },
    text: results
      .map(
        ({ target, result }) =>
          `${heading(target, environment.name, terminal)}\n${historyText(result, terminal.colors)}`,
      )
      .join('\n\n'),
  };
}

const maxCauses = 3;
const maxCauseLength = 160;

/** Two lines per revision: what it was, and what it changed. */
function historyText({ deployed, revisions }: History, colors: Terminal['colors']): string {
  if (!deployed) return '  is not deployed';
  const rows = revisions.map((entry) => [
    `${entry.current ? '*' : ' '} ${entry.number}`,
    entry.at.replace(/\.\d+Z$/, 'Z').replace('T', ' '),
    resultText(entry),
    entry.user === undefined ? entry.by : `${entry.by} (${entry.user})`,
    entry.commit ? entry.commit.id.slice(0, 8) + (entry.commit.dirty ? '+changes' : '') : '-',
    entry.values.slice(0, 8),
  ]);
  const table = [['  #', 'when', 'result', 'who', 'commit', 'values'], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const [head = '', ...body] = lines;
  return [
    colors.dim(`  ${head}`),
    ...body.flatMap((line, index) => {
      const entry = revisions[index] as HistoryEntry;
      return [`  ${paint(entry, colors)(line)}`, ...detailsOf(entry).map((text) => colors.dim(`      ${text}`))];
    }),
  ].join('\n');
}

const words: Readonly<Record<HistoryEntry['result'], string>> = {
  running: 'still working',
  deployed: 'deployed',
  failed: 'failed',
  interrupted: 'interrupted',
  rolledBack: 'failed, undone',
};

function resultText({ result, rollbackTo }: HistoryEntry): string {
  return rollbackTo === undefined ? words[result] : `${words[result]} (rollback to ${rollbackTo})`;
}

/** `2 updated: web, api`, who is at work, and why it failed. */
function detailsOf({ changes, reason, holder }: HistoryEntry): string[] {
  const shown = Object.entries(changes).map(([action, { count, ids }]) => {
    const few = ids.slice(0, 8);
    return `${count} ${action}: ${few.join(', ')}${count > few.length ? `, … ${count - few.length} more` : ''}`;
  });
  return [...shown, ...(holder === undefined ? [] : [`${holder} holds the lock`]), ...reasonLines(reason ?? '')];
}

/** The first line alone may say no more than that there are problems. */
function reasonLines(reason: string): string[] {
  const [first = '', ...more] = reason.split('\n').filter((line) => line.trim() !== '');
  if (first === '') return [];
  const causes = more.slice(0, maxCauses).map((line) => `  ${shortened(line)}`);
  return [first, ...causes, ...(more.length > maxCauses ? ['  …'] : [])];
}

function shortened(line: string): string {
  return line.length > maxCauseLength ? `${line.slice(0, maxCauseLength - 1)}…` : line;
}

function paint({ result, current }: HistoryEntry, { bold, red, yellow }: Terminal['colors']): (text: string) => string {
  if (result === 'failed' || result === 'rolledBack') return red;
  if (result === 'interrupted') return yellow;
  return current ? bold : (text) => text;
}
