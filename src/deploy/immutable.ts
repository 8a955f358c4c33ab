import { isApiError, type ApiError } from '../cluster/api-error.ts';
import type { KubernetesObject } from '../cluster/cluster.ts';
import { KubewrightError } from '../errors.ts';
import { holderKinds, losesData } from './decide.ts';
import type { Desired } from './desired.ts';
import { diff } from './diff.ts';
import { valueAt } from './field-path.ts';
import { describe, groupKind } from './identity.ts';
import type { FieldChange } from './options.ts';
import { replaced } from './trial.ts';

/** How the server, and definitions with rules of their own, say that a field cannot change. */
const words =
  /immutable|may not (?:be changed|change once set)|cannot (?:change|be changed)|updates to \w+ spec for fields other than/i;

/** Whether a refusal is about fields that keep the value they were created with, and about nothing else. */
export function isImmutable(error: unknown): error is ApiError {
  if (!isApiError(error, 'Invalid')) return false;
  const { causes } = error.details;
  // Those of Secrets may say nothing.
  const isSaid = causes.some(({ message }) => message !== undefined);
  return isSaid ? causes.every(({ message }) => words.test(message ?? '')) : words.test(error.message);
}

function immutableCauses({ details }: ApiError): readonly string[] {
  const about = details.causes.filter(({ message }) => words.test(message ?? ''));
  return about.map(({ field = '' }) => field.replace(/^\./, '')).filter(Boolean);
}

/** The fields that cannot change, before and after; values of Secrets are masked. */
export function immutableFields(
  { kind, object }: Desired,
  { live, made }: { readonly live: KubernetesObject | undefined; readonly made: KubernetesObject | undefined },
  error: ApiError,
): readonly FieldChange[] {
  const shown = (value: unknown): unknown => (kind === 'Secret' ? '(secret)' : value);
  const leaves = live && made && kind !== 'Secret' ? changedBelow(live, made, immutableCauses(error)) : [];
  if (leaves.length > 0) return leaves;
  return immutableCauses(error).map((path) => ({
    path,
    before: shown(valueAt(live, path)),
    after: shown(valueAt(object, path)),
  }));
}

/** What differs in fields, but for what follows from the identity of an object or was chosen for the one that is there. */
function changedBelow(
  live: KubernetesObject,
  made: KubernetesObject,
  paths: readonly string[],
): readonly FieldChange[] {
  const [old, fresh] = [live.metadata.uid, made.metadata.uid];
  const after = old && fresh ? replaced(made, fresh, old) : made;
  return diff(live, after).filter(
    (change) =>
      paths.some((path) => change.path.startsWith(path) && /^($|[.[])/.test(change.path.slice(path.length))) &&
      !(change.after === undefined && chosen.includes(change.path)),
  );
}

const chosen: readonly string[] = ['spec.volumeName', 'spec.nodeName'];

/** The refusal to delete an object and make it anew without being told to. */
export function immutableError(desired: Desired, live: KubernetesObject | undefined, error: ApiError): KubewrightError {
  const fields = [...new Set(immutableCauses(error))].join(', ') || 'a field that changed';
  return new KubewrightError({
    code: 'Immutable',
    resource: desired.label,
    path: immutableCauses(error)[0],
    message: `${describe(desired)}: ${fields} cannot change once it exists`,
    hint: wayOut(desired, live),
    cause: error,
  });
}

function wayOut(desired: Desired, live: KubernetesObject | undefined): string {
  const others = 'give the new one another name, or keep the old value';
  if (holderKinds.includes(groupKind(desired)))
    return `Deleting it would take everything along that is in it, so --replace does not: ${others}.`;
  const keep = desired.node.keep ? ' It is marked `keep`, so only another name is possible.' : '';
  if (live && losesData(live))
    return `Deleting it may lose the data that is in it, so --replace does so only together with --prune-all: ${others}.${keep}`;
  return `Delete it and create it anew with --replace, ${others}.${keep}`;
}
