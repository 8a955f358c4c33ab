import { declined } from './declined.ts';
import { canonical } from './intent.ts';
import type { DeployOptions, Plan } from './options.ts';
import type { Run } from './run.ts';

/** How to ask. */
export interface Asking extends Pick<DeployOptions, 'confirm'> {
  /** What was agreed to already. */
  readonly agreed?: Plan | undefined;
}

/** Asks with a plan that changes something, unless the same was agreed to. */
export async function askFor(run: Run, plan: Plan, { confirm, agreed }: Asking): Promise<void> {
  if (!plan.changed || !confirm || (agreed && essence(agreed) === essence(plan))) return;
  if (!(await confirm(plan))) throw declined(run);
}

/** What is done, without what is only said about it. */
function essence({ changes, pending }: Plan): string {
  const done = changes.filter(({ action }) => action !== 'unchanged' && action !== 'check').map(canonical);
  return canonical([done.sort(), pending.map(({ path }) => path).sort()]);
}
