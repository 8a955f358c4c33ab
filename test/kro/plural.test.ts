import { expect, it } from 'vitest';
import { plural } from '../../src/kro/plural.ts';

it.each([
  ['app', 'apps'],
  ['policy', 'policies'],
  ['gateway', 'gateways'],
  ['proxy', 'proxies'],
  ['ingressclass', 'ingressclasses'],
  ['bus', 'buses'],
  ['status', 'statuses'],
  ['box', 'boxes'],
  ['quiz', 'quizzes'],
  ['leaf', 'leaves'],
  ['index', 'indices'],
  ['myindex', 'myindices'],
  ['child', 'children'],
  ['conditions', 'conditions'],
  ['settings', 'settings'],
  ['data', 'data'],
  ['ox', 'oxen'],
  ['toolbox', 'toolboxes'],
  ['octopus', 'octupuses'],
  ['ssh', 'sshs'],
  ['dns', 'dnsDNSes'],
  ['mydns', 'mydns'],
])('kro calls many of %s %s', (singular, expected) => {
  expect(plural(singular)).toBe(expected);
});
