import { KubewrightError } from '../errors.ts';

/** An error as part of a JSON document. */
export interface FailureDocument {
  readonly code: string;
  readonly message: string;
  readonly resource?: string;
  readonly path?: string;
  readonly problems?: readonly FailureDocument[];
}

/** An error for programs. */
export function describeFailure(error: unknown): FailureDocument {
  if (!(error instanceof KubewrightError))
    return { code: 'Unexpected', message: error instanceof Error ? error.message : String(error) };
  const { code, message, resource, path, problems } = error;
  return {
    code,
    message,
    ...(resource !== undefined && { resource }),
    ...(path !== undefined && { path }),
    ...(problems.length > 0 && { problems: problems.map(describeFailure) }),
  };
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
