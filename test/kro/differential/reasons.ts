import { parse } from '../../../src/expr/parse.ts';
import { print } from '../../../src/expr/print.ts';
import type { ResolvedNode } from '../../expr/oracle.ts';

/**
 * Why a resource is not ready, in words that both sides can be brought to: what it waits for, the condition that does not
 * hold, the data that is not there.
 */
export function reasonDifference(
  ours: readonly { readonly id: string; readonly reason: string }[],
  nodes: Readonly<Record<string, ResolvedNode>>,
): string | undefined {
  for (const { id, reason } of ours) {
    const kros = krosReason(nodes[id]?.err ?? '');
    if (!kros || oursAre(reason).includes(kros)) continue;
    return `why ${id} waits: ours ${reason}\nkro's ${nodes[id]?.err}\n(${kros})`;
  }
  return undefined;
}

/** kro says of a resource that depends on one that is left out or not what it says of that one. */
function oursAre(reason: string): readonly string[] {
  const [, on, rest = ''] = /^waits for ([\w/]+)(?:: (.*))?$/s.exec(reason) ?? [];
  if (on !== undefined) return [`on ${on}`, ...oursAre(rest)];
  const [, condition] = /^readyWhen does not hold: (.*)$/s.exec(reason) ?? [];
  if (condition !== undefined) return [`unmet ${condition}`];
  if (reason.startsWith('readyWhen needs data')) return ['readyWhen data'];
  const [, missing = ''] = /needs data that is not there yet \((.*)\)$/s.exec(reason) ?? [];
  // Which of several is said to be missing depends on the order.
  return [missing === '' ? reason.replace('it does not exist', 'absent') : 'missing'];
}

function krosReason(text: string): string | undefined {
  const depends = /^(?:node "\w+": dependent node|includeWhen dependency) "(\w+)" not ready: /.exec(text);
  if (depends) return `on ${depends[1]}`;
  const unmet = /^readyWhen condition evaluated to false: ("(?:[^"\\]|\\.)*")/.exec(text);
  if (unmet) return `unmet ${printed(JSON.parse(unmet[1] as string) as string)}`;
  if (/failed to evaluate readyWhen/.test(text)) return 'readyWhen data';
  if (text === 'not found') return 'absent';
  return text.endsWith('data pending') || text.endsWith('(data pending)') ? 'missing' : undefined;
}

function printed(expression: string): string {
  return print(parse(expression));
}
