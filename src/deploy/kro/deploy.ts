import type { DeployOptions, DeployResult } from '../options.ts';
import type { Run } from '../run.ts';
export async function deployWithKro(_run: Run, _options: DeployOptions): Promise<DeployResult> { throw new Error('not yet'); }
