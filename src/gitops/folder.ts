import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

/** Files as text, by path with `/`, relative to the folder that owns them. */
export type Files = ReadonlyMap<string, string>;

/** How a folder differs from the files that it should hold; all lists are sorted. */
export interface FolderDifference {
  readonly missing: readonly string[];
  readonly changed: readonly string[];
  /** Files that nothing writes any more. */
  readonly stale: readonly string[];
}

/** Compares a folder with the files that it should hold, byte for byte. Nothing is written. */
export function compareFolder(folder: string, files: Files): FolderDifference {
  const present = new Set(listFiles(folder));
  const missing: string[] = [];
  const changed: string[] = [];
  for (const [path, text] of files) {
    if (!present.has(path)) missing.push(path);
    else if (readFileSync(join(folder, path), 'utf8') !== text) changed.push(path);
  }
  const stale = [...present].filter((path) => !files.has(path));
  return { missing: missing.sort(), changed: changed.sort(), stale: stale.sort() };
}

/** Whether a folder holds exactly its files. */
export function isSame({ missing, changed, stale }: FolderDifference): boolean {
  return missing.length + changed.length + stale.length === 0;
}

/**
 * Makes a folder hold exactly these files, and tells what that changed. Each file is replaced in one step, so that a
 * reader never sees half of it; what did not change is not touched.
 */
export function writeFolder(folder: string, files: Files): FolderDifference {
  const difference = compareFolder(folder, files);
  for (const path of [...difference.missing, ...difference.changed])
    writeAtomically(join(folder, path), files.get(path) as string);
  for (const path of difference.stale) {
    rmSync(join(folder, path));
    removeEmptyFolders(folder, dirname(path));
  }
  return difference;
}

function writeAtomically(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`);
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function removeEmptyFolders(root: string, path: string): void {
  for (let folder = path; folder !== '.'; folder = dirname(folder)) {
    try {
      rmdirSync(join(root, folder));
    } catch {
      return;
    }
  }
}

function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(folder.length + 1)
          .split(sep)
          .join('/'),
      );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
