/** What an error knows about its place and its way out. */
export interface ErrorDetails {
  /** Stable, machine-readable name such as `GraphCycle`. */
  readonly code: string;
  /** What is wrong, as a sentence without resource and path. */
  readonly message: string;
  /** Id of the resource in its graph, or another name of the thing that is wrong. */
  readonly resource?: string | undefined;
  /** Field path inside the resource, file or option, such as `spec.replicas`. */
  readonly path?: string | undefined;
  /** What to do about it, as a sentence. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** The single problems, when several were found at once. */
  readonly problems?: readonly KubewrightError[];
}

/**
 * The one error class of the library. Its message reads
 * `<resource> <path>: <what is wrong>. <what to do>`.
 *
 * @example
 * throw new KubewrightError({ code: 'GraphCycle', message: 'depends on itself: a -> b -> a', resource: 'a', hint: 'Remove one of the references.' });
 */
export class KubewrightError extends Error {
  readonly code: string;
  readonly resource: string | undefined;
  readonly path: string | undefined;
  readonly hint: string | undefined;
  readonly problems: readonly KubewrightError[];

  constructor(details: ErrorDetails) {
    super(render(details), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'KubewrightError';
    this.code = details.code;
    this.resource = details.resource;
    this.path = details.path;
    this.hint = details.hint;
    this.problems = details.problems ?? [];
  }
}

/**
 * Throws when there are problems: one problem as itself, several as one error that lists them all.
 *
 * @param subject what the problems are about, such as `graph microservices-app`
 */
export function throwProblems(subject: string, problems: readonly KubewrightError[]): void {
  const [first] = problems;
  if (!first) return;
  if (problems.length === 1) throw first;
  const lines = problems.map((problem) => `  - ${problem.message.replaceAll('\n  - ', '\n    - ')}`).join('\n');
  throw new KubewrightError({
    code: first.code,
    message: `${subject}: ${problems.length} problems\n${lines}`,
    problems,
  });
}

function render({ resource, path, message, hint }: ErrorDetails): string {
  const place = [resource, path].filter(Boolean).join(' ');
  const text = place ? `${place}: ${message}` : message;
  if (!hint) return text;
  const gap = text.endsWith('\n') || hint.startsWith('\n') ? '' : ' ';
  return `${/[.!?…\n]$/.test(text) ? text : `${text}.`}${gap}${hint}`;
}
