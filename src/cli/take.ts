import { shellWord, takeFlags } from '../deploy/take-flag.ts';
import type { Target } from './target.ts';

/**
 * The fields of `--take` for one graph of a stack: those of the other graphs mean nothing to it. What no graph has goes to
 * each, and is refused.
 */
export async function takeFor(target: Target, targets: readonly Target[], given: unknown): Promise<readonly string[]> {
  const all = (given as readonly string[] | undefined) ?? [];
  if (all.length === 0 || targets.length === 1) return all;
  const { knowsField } = await import('../deploy/take.ts');
  return all.filter((entry) => knowsField(target, entry) || !targets.some((other) => knowsField(other, entry)));
}

/** The command line with everything that it would take to take all fields of the conflicts over; empty without several. */
export function takeAllText(errors: readonly unknown[], commandLine: readonly string[]): string {
  const flags = takeFlags(errors);
  // A saved plan is deployed as it is.
  if (flags.length < 2 || commandLine.includes('--plan')) return '';
  return `To take all of these fields over: ${[...commandLine.map(shellWord), ...flags].join(' ')}`;
}
