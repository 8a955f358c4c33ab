import { expect, it } from 'vitest';
import { kroReason } from '../../src/deploy/kro/reason.ts';

it.each([
  ['nothing yet', [], undefined, 'kro has not begun with it'],
  ['an older version', [{ type: 'Ready', status: 'True' }], 'ACTIVE', 'kro has not looked at this version of it yet'],
  ['a state alone', [], 'IN_PROGRESS', 'state IN_PROGRESS'],
  [
    'work that goes on',
    [
      {
        type: 'ResourcesReady',
        status: 'False',
        reason: 'NotReady',
        message: 'resource reconciliation failed: cluster mutated',
      },
    ],
    'IN_PROGRESS',
    'kro has just changed objects and looks at them again',
  ],
  [
    'what the API server refuses',
    [
      {
        type: 'Ready',
        status: 'False',
        reason: 'NotReady',
        message: 'apply results contain errors: ConfigMap a: forbidden',
      },
    ],
    'ERROR',
    'ConfigMap a: forbidden',
  ],
])('kro says %s in plain words', (_title, conditions, state, text) => {
  expect(kroReason(conditions, state)).toBe(text);
});
