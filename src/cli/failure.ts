import { KubewrightError } from '../errors.ts';
import { displayPath } from './display-path.ts';

/** An error as part of a JSON document. */
export interface FailureDocument {
  readonly code: string;
  readonly message: string;
  readonly resource?: string;
  readonly path?: string;
  /** Where in the user's code: `stacks/app.ts:12:9`. */
  readonly source?: string;
  readonly line?: number;
  readonly problems?: readonly FailureDocument[];
}

/** An error for programs. */
export function describeFailure(error: unknown): FailureDocument {
  if (!(error instanceof KubewrightError))
    return { code: 'Unexpected', message: error instanceof Error ? error.message : String(error) };
  const { code, message, resource, path, problems } = error;
  // One problem inside, as where its file was put before it, tells the place; of several, each tells its own.
  const place = problems.length === 0 ? sourceOf(message) : problems.length === 1 ? placeOf(problems[0]) : {};
  return {
    code,
    message,
    ...(resource !== undefined && { resource }),
    ...place,
    ...(path !== undefined && { path }),
    ...(problems.length > 0 && { problems: problems.map(describeFailure) }),
  };
}

type Place = Pick<FailureDocument, 'path' | 'source' | 'line'>;

function placeOf(problem: unknown): Place {
  const { path, source, line } = describeFailure(problem);
  return {
    ...(path !== undefined && { path }),
    ...(source !== undefined && { source }),
    ...(line !== undefined && { line }),
  };
}

/** Messages end with the place in the user's code, in brackets, or have it before the way out. */
function sourceOf(message: string): Place {
  const [, file, line, column] = /.*\(([^()]+\.[cm]?[jt]sx?):(\d+):(\d+)\)/s.exec(message) ?? [];
  return file === undefined ? {} : { source: `${displayPath(file)}:${line}:${column}`, line: Number(line) };
}

/** An error for people; only one that nobody foresaw comes with its stack. */
export function failureText(error: unknown): string {
  const debug = process.env['KUBEWRIGHT_DEBUG'];
  if (error instanceof KubewrightError) return debug ? `${error.message}\n${stackOf(error)}` : error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${error.cause.stack}` : '';
  return (error.stack ?? '') + cause;
}
