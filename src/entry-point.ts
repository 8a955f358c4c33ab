import { realpathSync } from 'node:fs';

/** The real path of the started program; it may have been named through a symbolic link, or without its extension. */
export function entryPoint(): string | undefined {
  const started = process.argv[1];
  if (started === undefined) return undefined;
  for (const extension of ['', '.ts', '.mts', '.js', '.mjs', '/index.ts', '/index.js']) {
    try {
      const path = realpathSync(started + extension);
      if (extension || /\.[cm]?[jt]s$/.test(path)) return path;
    } catch {
      // Not this one.
    }
  }
  return undefined;
}
