import type { Input } from '../expr/expression.ts';
import type { Refuse } from './shorthand.ts';

/** A shorthand workload's name is its container's name too, which allows less. */
export function checkWorkloadName(name: Input<string>, refuse: Refuse): void {
  if (typeof name !== 'string' || /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) return;
  refuse({
    code: 'InvalidName',
    path: 'name',
    message: 'is the name of the container too and has to be lower-case letters, digits and dashes, at most 63',
    hint: 'Rename it, or use the full factory with another container name.',
  });
}
