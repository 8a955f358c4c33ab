import { KubewrightError } from '../errors.ts';
import { subject, type Run } from './run.ts';

/** The end of a call whose plan was not agreed to. */
export function declined(run: Run): KubewrightError {
  return new KubewrightError({
    code: 'Declined',
    resource: subject(run),
    message: 'not confirmed; nothing was changed',
  });
}
