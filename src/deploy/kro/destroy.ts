import type { DestroyOptions } from '../options.ts';
import type { DestroyResult } from '../destroy.ts';
import type { Run } from '../run.ts';
export async function destroyWithKro(_run: Run, _options: DestroyOptions): Promise<DestroyResult> { throw new Error('not yet'); }
