import { KubewrightError } from '../errors.ts';
import { isApiError, type ApiError } from '../cluster/api-error.ts';
import type { KubernetesObject } from '../cluster/cluster.ts';
import type { ObjectAddress } from './options.ts';
import { differences } from './diff.ts';
import { excerpts } from './excerpt.ts';
import { valueAt } from './field-path.ts';
import { helmReleaseOf, releaseText } from './helm.ts';
import { describe } from './identity.ts';
import { takeFlag } from './take-flag.ts';

/** Whether a refusal says that other managers own fields, not that the object has another version. */
export function isFieldConflict(error: unknown): error is ApiError {
  return isApiError(error, 'Conflict') && error.details.causes.some(({ reason }) => reason === 'FieldManagerConflict');
}

/** A field that somebody else has. */
export interface Conflict {
  readonly path: string;
  readonly manager: string;
}

/** Fields of a conflict, as users write them: `spec.replicas`. */
export function conflictFields(error: ApiError): readonly Conflict[] {
  return error.details.causes
    .filter(({ reason }) => reason === 'FieldManagerConflict')
    .map(({ field = '', manager = 'another manager' }) => ({ path: field.replace(/^\./, ''), manager }));
}

/** What we want to write, for messages. */
export interface Wanted extends ObjectAddress {
  readonly object: KubernetesObject;
  /** Where the author wrote it. */
  readonly source: () => string | undefined;
  /** Hides what is in Secrets, which other objects may repeat. */
  readonly hide: (value: unknown) => unknown;
}

/**
 * Scaling to zero leaves a field that nobody owns, so that the server sees no conflict when we set it again.
 */
export function scaledToZero(wanted: KubernetesObject, live: KubernetesObject | undefined): Conflict | undefined {
  const path = 'spec.replicas';
  const ours = valueAt(wanted, path);
  if (!live || ours === undefined || ours === 0 || valueAt(live, path) !== 0) return undefined;
  const isOwned = live.metadata.managedFields?.some(
    ({ fieldsV1 }) => valueAt(fieldsV1, 'f:spec.f:replicas') !== undefined,
  );
  return isOwned ? undefined : { path, manager: 'somebody who scaled it' };
}

/** Names each field, who has it, both values, and the ways out. */
export function conflictError(
  desired: Wanted,
  live: KubernetesObject | undefined,
  conflicts: readonly Conflict[],
  cause?: ApiError,
): KubewrightError {
  const source = desired.source();
  const release = live && helmReleaseOf(live);
  const problems = conflicts.map(({ path, manager }) => {
    const who = release && manager === 'helm' ? releaseText(release) : manager;
    return new KubewrightError({
      code: 'FieldConflict',
      resource: desired.label,
      path,
      message: `${describe(desired)}: ${who} set ${differenceText(desired, live, path)}${source ? ` (${source})` : ''}`,
      hint: `Take it over with ${takeFlag(desired.label, path)}, leave it to ${manager} by dropping it from the graph, or use its value.`,
    });
  });
  const [only] = problems;
  if (only && problems.length === 1) return only;
  return new KubewrightError({
    code: 'FieldConflict',
    resource: desired.label,
    message: `${describe(desired)}: other managers own ${problems.length} of its fields\n${problems.map(({ message }) => `  - ${message}`).join('\n')}`,
    problems,
    cause,
  });
}

const shownDifferences = 3;
const width = 120;

/** `it to 3, the graph says 2`; of lists and objects only what differs in them. */
function differenceText({ kind, object, hide }: Wanted, live: KubernetesObject | undefined, path: string): string {
  if (kind === 'Secret') return 'it to (secret), the graph says (secret)';
  // What is cut cannot be recognised any more.
  const [found, wanted] = [hide(valueAt(live, path)), hide(valueAt(object, path))];
  const fields = differences(path, found, wanted);
  const shown = fields.length > 0 ? fields.slice(0, shownDifferences) : [{ path, before: found, after: wanted }];
  const texts = shown.map((field) => {
    const [theirs, ours] = excerpts(field.before, field.after, width);
    return `${field.path === path ? 'it' : field.path} to ${theirs}, the graph says ${ours}`;
  });
  const more = fields.length - shown.length;
  return `${texts.join('; ')}${more > 0 ? `; ${more} more of its fields differ` : ''}`;
}
