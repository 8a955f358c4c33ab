import type { StatusResult } from '../options.ts';
import type { Run } from '../run.ts';
export async function statusWithKro(_run: Run): Promise<StatusResult> { throw new Error('not yet'); }
