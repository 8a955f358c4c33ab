import { isApiError } from '../cluster/api-error.ts';
import { KubewrightError } from '../errors.ts';
import { groupOf } from './identity.ts';
import type { ChangeAction, ObjectAddress } from './options.ts';
import { kindOf, subject, type Run } from './run.ts';

/** What each action asks of the server; creating by apply takes both verbs. */
const verbs: Partial<Record<ChangeAction, readonly string[]>> = {
  create: ['create', 'patch'],
  update: ['patch'],
  adopt: ['patch'],
  replace: ['create', 'delete', 'patch'],
  delete: ['delete'],
};

/** Every change of one kind in one namespace asks for the same. */
interface Need {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly label: string;
}

/** Asks the server, before the first write, what of it would be refused; names verb and resource of each. */
export async function missingPermissions(
  run: Run,
  changes: readonly (ObjectAddress & { readonly action: ChangeAction })[],
): Promise<readonly KubewrightError[]> {
  const needs = new Map<string, Need>();
  for (const { action, apiVersion, kind, namespace, label } of changes) {
    const resource = verbs[action] && (await kindOf(run, { apiVersion, kind }))?.plural;
    if (!resource) continue;
    for (const verb of verbs[action] ?? []) {
      const id = `${verb} ${groupOf(apiVersion)} ${resource} ${namespace ?? ''}`;
      if (!needs.has(id)) needs.set(id, { verb, group: groupOf(apiVersion), resource, namespace, label });
    }
  }
  const asked = await Promise.all(
    [...needs.values()].map(async (need) => ((await run.pool.run(() => isAllowed(run, need))) ? undefined : need)),
  );
  return asked.filter((need) => need !== undefined).map((need) => refusal(run, need));
}

async function isAllowed(run: Run, { verb, group, resource, namespace }: Need): Promise<boolean> {
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { verb, group, resource, ...(namespace !== undefined && { namespace }) } },
  };
  try {
    const { status } = await run.cluster.create(review, { signal: run.signal });
    return (status as { readonly allowed?: boolean } | undefined)?.allowed ?? true;
  } catch (error) {
    // Who cannot ask finds out by trying.
    if (isApiError(error)) return true;
    throw error;
  }
}

function refusal(run: Run, { verb, group, resource, namespace, label }: Need): KubewrightError {
  const name = group ? `${resource}.${group}` : resource;
  const where = namespace === undefined ? 'in the whole cluster' : `in namespace ${namespace}`;
  return new KubewrightError({
    code: 'NotAllowed',
    resource: label,
    message: `${subject(run)} needs the permission to ${verb} ${name} ${where}`,
    hint: `Grant it with a Role: apiGroups ["${group}"], resources ["${resource}"], verbs ["${verb}"].`,
  });
}
