import type { DeployOptions, Plan } from '../options.ts';
import type { Run } from '../run.ts';
export async function planWithKro(_run: Run, _options: DeployOptions): Promise<{ plan: Plan }> { throw new Error('not yet'); }
