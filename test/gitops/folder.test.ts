import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareFolder, isSame, writeFolder } from '../../src/gitops/folder.ts';

const files = new Map([
  ['a.yaml', 'a: 1\n'],
  ['shop/b.yaml', 'b: 1\n'],
]);

describe('a folder of files', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'kubewright-folder-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('is made', () => {
    const folder = join(root, 'dev/shop');
    expect(compareFolder(folder, files)).toEqual({ missing: ['a.yaml', 'shop/b.yaml'], changed: [], stale: [] });
    expect(existsSync(folder)).toBe(false);
    expect(writeFolder(folder, files)).toEqual({ missing: ['a.yaml', 'shop/b.yaml'], changed: [], stale: [] });
    expect(readFileSync(join(folder, 'shop/b.yaml'), 'utf8')).toBe('b: 1\n');
    expect(isSame(compareFolder(folder, files))).toBe(true);
  });

  it('is not touched where nothing changed', () => {
    writeFolder(root, files);
    const before = statSync(join(root, 'a.yaml'), { bigint: true });
    expect(isSame(writeFolder(root, files))).toBe(true);
    expect(statSync(join(root, 'a.yaml'), { bigint: true })).toMatchObject({
      mtimeNs: before.mtimeNs,
      ino: before.ino,
    });
  });

  it('loses files that nothing writes any more, and the folders that they leave empty', () => {
    writeFolder(root, files);
    writeFileSync(join(root, 'a.yaml'), 'changed by hand\n');
    const fewer = new Map([['a.yaml', 'a: 1\n']]);
    expect(compareFolder(root, fewer)).toEqual({ missing: [], changed: ['a.yaml'], stale: ['shop/b.yaml'] });
    writeFolder(root, fewer);
    expect(readdirSync(root)).toEqual(['a.yaml']);
    expect(readFileSync(join(root, 'a.yaml'), 'utf8')).toBe('a: 1\n');
  });

  it('knows only its own files', () => {
    mkdirSync(join(root, 'dev/other'), { recursive: true });
    writeFileSync(join(root, 'dev/other/notes.md'), 'mine');
    writeFolder(join(root, 'dev/shop'), files);
    writeFolder(join(root, 'dev/shop'), new Map());
    expect(readFileSync(join(root, 'dev/other/notes.md'), 'utf8')).toBe('mine');
  });

  it.skipIf(process.getuid?.() === 0)('leaves no half of a file behind when it cannot write', () => {
    writeFolder(root, files);
    chmodSync(root, 0o555);
    expect(() => writeFolder(root, new Map([['a.yaml', 'a: 2\n']]))).toThrow(/EACCES/);
    chmodSync(root, 0o755);
    expect(readdirSync(root).sort()).toEqual(['a.yaml', 'shop']);
  });
});
