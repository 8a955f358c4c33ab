import { dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const framesKept = 7;

const ownFolder = dirname(fileURLToPath(import.meta.url)) + sep;

/** Remembers the place of a call in the user's code; the text is made when it is asked for, as formatting a stack is slow. */
export function captureSource(): () => string | undefined {
  const at: { stack?: string } = {};
  const limit = Error.stackTraceLimit;
  // Enough to leave this library; every frame costs.
  Error.stackTraceLimit = framesKept;
  Error.captureStackTrace(at, captureSource);
  Error.stackTraceLimit = limit;
  let line: string | undefined;
  let known = false;
  return () => {
    if (!known) {
      line = firstForeignFrame(at.stack ?? '');
      known = true;
    }
    return line;
  };
}

function firstForeignFrame(stack: string): string | undefined {
  for (const line of stack.split('\n').slice(1)) {
    const frame = /\(?((?:file:\/\/)?[^\s()]+:\d+:\d+)\)?$/.exec(line.trim())?.[1];
    if (!frame || frame.startsWith('node:')) continue;
    const path = frame.startsWith('file://') ? fileUrlToPlace(frame) : frame;
    if (!path.startsWith(ownFolder)) return path;
  }
  return undefined;
}

function fileUrlToPlace(frame: string): string {
  const [, url = frame, place = ''] = /^(.*?)(:\d+:\d+)$/.exec(frame) ?? [];
  return fileURLToPath(url.split('?')[0] ?? url) + place;
}
