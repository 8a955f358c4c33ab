/** Reads the lines of one watch request. */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { KubernetesObject, WatchEvent } from './cluster.ts';
import { TimeLimit } from './exchange.ts';

/** One line, before errors are told apart from changes. */
export interface WatchLine {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: KubernetesObject;
}

/** What ends the reading of a watch from our side. */
export interface StreamLimits {
  /** Milliseconds from now until the connection counts as dead. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

const eventTypes = { ADDED: 'added', MODIFIED: 'modified', DELETED: 'deleted' } as const;

/** Yields the lines until the server ends the answer or the signal ends it for us; throws when the connection breaks or dies. */
export async function* readWatchLines(response: Readable, limits: StreamLimits): AsyncGenerator<WatchLine> {
  const decoder = new StringDecoder('utf8');
  const dead = new TimeLimit(
    'the watch was not ended by the server: the connection is silently dead, no end',
    limits.deadlineMs,
  );
  let interruption: Error | undefined;
  const deadline = setTimeout(() => {
    interruption = dead;
    response.destroy(dead);
  }, limits.deadlineMs);
  const onAbort = (): void => void response.destroy();
  limits.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    if (limits.signal?.aborted) return;
    let rest = '';
    for await (const chunk of response) {
      const lines = (rest + decoder.write(chunk as Buffer)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line) yield JSON.parse(line) as WatchLine;
    }
  } catch (error) {
    if (!limits.signal?.aborted) throw interruption ?? error;
  } finally {
    clearTimeout(deadline);
    limits.signal?.removeEventListener('abort', onAbort);
    response.destroy();
  }
}

/** The event of a line that is not an error. */
export function toEvent(line: WatchLine): WatchEvent | undefined {
  if (line.type === 'ERROR') return undefined;
  if (line.type === 'BOOKMARK')
    return { type: 'bookmark', resourceVersion: line.object.metadata.resourceVersion ?? '' };
  return { type: eventTypes[line.type], object: line.object };
}
