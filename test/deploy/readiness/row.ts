import type { RuleContext } from '../../../src/deploy/readiness/verdict.ts';

/** An object as a rule sees it, and what the rule says. */
export interface Row {
  readonly kind: string;
  readonly says: string;
  readonly spec?: object;
  readonly status?: object;
  readonly more?: object;
  readonly metadata?: object;
  readonly state: 'ready' | 'waiting' | 'failed';
  readonly reason?: RegExp;
  /** Whether it counts as ready after a while all the same. */
  readonly grace?: boolean;
  readonly context?: RuleContext;
}

export const condition = (type: string, status: string, extra: object = {}): object => ({ type, status, ...extra });
export const conditions = (...list: object[]): object => ({ conditions: list });
export const readyTrue = conditions(condition('Ready', 'True'));
export const readyFalse = conditions(condition('Ready', 'False', { reason: 'Broken', message: 'it is' }));
