import { spawnSync } from 'node:child_process';
import { hostname, userInfo } from 'node:os';
import { expect, it } from 'vitest';
import { holderName, holderText, isGone } from '../../src/deploy/holder.ts';

/** Of a process that ran and ended. */
const ended = (): string => holderText({ pid: spawnSync(process.execPath, ['--version']).pid });
const partsOf = (holder: string): string[] => holder.split('/');

it('names user, host and process, for people', () => {
  expect(holderName(holderText())).toBe(`${userInfo().username}@${hostname()}/${process.pid}`);
});

it('is another one for each run of a process', () => {
  expect(holderText()).not.toBe(holderText());
});

it('is not gone while its process runs', () => {
  expect(isGone(holderText())).toBe(false);
});

it.runIf(process.platform === 'linux')('is gone when its process ended', () => {
  expect(isGone(ended())).toBe(true);
});

it.runIf(process.platform === 'linux')('is gone when another process has its pid', () => {
  expect(isGone(holderText({ pid: process.pid, startTime: 'long ago' }))).toBe(true);
});

it('is not looked for where the same pid means another process, whatever the host is called', () => {
  const [host, pid, , ...rest] = partsOf(ended());
  expect(isGone([host, pid, 'another-boot-or-container', ...rest].join('/'))).toBe(false);
});

it.each(['', 'somebody', `${hostname()}/999999999/x`, `${hostname()}/-1/x/y/z`, '/0///'])(
  'is not gone where nobody can tell: %j',
  (holder) => {
    expect(isGone(holder)).toBe(false);
  },
);
