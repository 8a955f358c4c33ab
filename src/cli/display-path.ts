import { relative } from 'node:path';

/** A path as messages show it: relative where that is shorter. */
export function displayPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short && !short.startsWith('..') ? short : path;
}
