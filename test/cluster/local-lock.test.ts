import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from '../../src/cluster/local/lock.ts';
import { drive } from './local-processes.ts';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'kubewright-lock-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the lock of a control plane', () => {
  it('lets one process in at a time', async () => {
    const runs = await Promise.all([1, 2, 3, 4].map(async () => drive('lock', folder).answers));
    const spans = runs.map(([entered, left]) => [Number(entered?.['at']), Number(left?.['at'])] as const);
    spans.sort(([a], [b]) => a - b);
    expect(spans).toHaveLength(4);
    for (const [index, [entered]] of spans.entries()) {
      if (index > 0) expect(entered).toBeGreaterThanOrEqual(spans[index - 1]?.[1] ?? Infinity);
    }
  });

  it('is taken over from a killed process', async () => {
    const holder = drive('hold', folder);
    await holder.seen('in');
    holder.child.kill('SIGKILL');
    await holder.answers;
    const entered = await Promise.all([withLock(folder, async () => 'a'), withLock(folder, async () => 'b')]);
    expect(entered).toEqual(['a', 'b']);
  });

  it('is not taken from a living process, and tells who holds it', async () => {
    const holder = drive('hold', folder);
    await holder.seen('in');
    const waited: number[] = [];
    const waiting = withLock(folder, async () => 'in', { onWait: ({ pid }) => waited.push(pid) });
    const first = await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 400, 'still waiting'))]);
    expect(first).toBe('still waiting');
    expect(waited).toEqual([holder.child.pid]);
    holder.child.kill('SIGKILL');
    expect(await waiting).toBe('in');
  });

  it('is released when the work throws, and leaves one marker behind', async () => {
    const failing = withLock(folder, async () => Promise.reject(new Error('work')));
    await expect(failing).rejects.toThrow('work');
    expect(await withLock(folder, async () => 'next')).toBe('next');
    expect(readdirSync(folder)).toHaveLength(1);
  });
});
