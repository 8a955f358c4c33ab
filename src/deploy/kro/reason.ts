import { explain } from '../readiness/verdict.ts';

/** What kro waits for, in words that do not take its source code to understand. */
export function kroReason(
  conditions: readonly {
    readonly type?: string;
    readonly status?: string;
    readonly reason?: string;
    readonly message?: string;
  }[],
  state: string | undefined,
): string {
  const bad = ['GraphResolved', 'InstanceManaged', 'ResourcesReady', 'Ready']
    .map((type) => conditions.find((entry) => entry.type === type))
    .find((entry) => entry && entry.status !== 'True');
  return plainWords(explain(bad, stateText(state)));
}

function stateText(state: string | undefined): string {
  if (state === undefined) return 'kro has not begun with it';
  // Nothing is wrong, so the judgement is about the version before.
  return state === 'ACTIVE' ? 'kro has not looked at this version of it yet' : `state ${state}`;
}

/** A message of kro without what only its authors know. */
function plainWords(message: string): string {
  return message
    .replace(/^NotReady: /, '')
    .replace(/resource reconciliation failed: |apply results contain errors: /g, '')
    .replace(/\bcluster mutated$/, 'kro has just changed objects and looks at them again');
}
