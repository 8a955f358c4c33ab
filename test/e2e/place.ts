import { inject } from 'vitest';
import { startControlPlane, type ControlPlane } from '../control-plane.ts';

/**
 * The control plane that a test file runs on. Files that run at the same time have one each, so that what belongs to a whole
 * cluster disturbs nobody; it is there already, or takes four seconds.
 */
export const place: ControlPlane = await startControlPlane(inject('controlPlanes'), {
  worker: Number(process.env['VITEST_POOL_ID'] ?? 1),
});
