import { isApiError } from '../cluster/api-error.ts';
import { KubewrightError, throwProblems } from '../errors.ts';
import { bookkeepingNeeds } from './access/bookkeeping.ts';
import { groupOf } from './identity.ts';
import type { ChangeAction, ObjectAddress, Plan } from './options.ts';
import { kindOf, subject, type Run } from './run.ts';
import { chunkNames } from './snapshot.ts';

/** What each action asks of the server; creating by apply takes both verbs. */
const verbs: Partial<Record<ChangeAction, readonly string[]>> = {
  create: ['create', 'patch'],
  update: ['patch'],
  adopt: ['patch'],
  replace: ['create', 'delete', 'patch'],
  delete: ['delete'],
};

/** One question: a verb, on all objects of a kind in a namespace or on those of some names. */
interface Question {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly names: Set<string>;
  readonly label: string;
}

/** Something that would be refused. */
export interface MissingPermission {
  readonly error: KubewrightError;
  /** Whether a dry run is refused too, so that a plan has not seen everything. */
  readonly hidesChanges: boolean;
}

/** What else will be written. */
interface Asking {
  readonly purpose?: 'deploy' | 'destroy';
  readonly createNamespace?: boolean;
}

/** Asks the server, before the first write, what of it would be refused; names verb and resource of each. */
export async function missingPermissions(
  run: Run,
  changes: readonly (ObjectAddress & { readonly action: ChangeAction })[],
  { purpose = 'deploy', createNamespace = false }: Asking = {},
): Promise<readonly MissingPermission[]> {
  const questions = new Map<string, Question>();
  const add = ({ names, ...question }: Omit<Question, 'names'> & { readonly names: readonly string[] }): void => {
    const { verb, group, resource, namespace } = question;
    const id = `${verb} ${group} ${resource} ${namespace ?? ''}`;
    const known = questions.get(id) ?? { ...question, names: new Set() };
    for (const name of names) known.names.add(name);
    questions.set(id, known);
  };
  for (const { action, apiVersion, kind, namespace, name, label } of changes) {
    const resource = verbs[action] && (await kindOf(run, { apiVersion, kind }))?.plural;
    if (!resource) continue;
    for (const verb of verbs[action] ?? [])
      add({ verb, group: groupOf(apiVersion), resource, namespace, names: [name], label });
  }
  const own = bookkeepingNeeds(run.identity, [purpose], {
    clusterId: false,
    createNamespace,
    parts: chunkNames(run, undefined),
  });
  for (const { verbs: wanted, group, resource, namespace, name } of own)
    for (const verb of wanted.filter((each) => each !== 'get'))
      add({ verb, group, resource, namespace, names: name === undefined ? [] : [name], label: '' });
  const refused = await Promise.all([...questions.values()].map((question) => refusedNames(run, question)));
  return [...questions.values()].flatMap((question, index) => {
    const names = refused[index];
    if (names === undefined) return [];
    const hidesChanges = question.label !== '' && question.verb !== 'delete';
    return [{ error: refusal(run, question, names), hidesChanges }];
  });
}

/** Nothing is deleted when not everything may be. */
export async function refuseWithoutPermissions(run: Run, { changes }: Plan): Promise<void> {
  const missing = await missingPermissions(run, changes, { purpose: 'destroy' });
  throwProblems(
    subject(run),
    missing.map(({ error }) => error),
  );
}

/** `undefined` when nothing is refused. A Role may name its objects, so a refusal for all of them is asked again for each. */
async function refusedNames(run: Run, question: Question): Promise<readonly string[] | undefined> {
  const ask = (name?: string): Promise<boolean> => run.pool.run(() => isAllowed(run, question, name));
  if (await ask()) return undefined;
  const names = [...question.names];
  if (names.length === 0) return [];
  const answers = await Promise.all(names.map(ask));
  const refused = names.filter((_, index) => !answers[index]);
  return refused.length > 0 ? refused : undefined;
}

async function isAllowed(run: Run, { verb, group, resource, namespace }: Question, name?: string): Promise<boolean> {
  const resourceAttributes = {
    verb,
    group,
    resource,
    ...(namespace !== undefined && { namespace }),
    ...(name && { name }),
  };
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
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

const manyNames = 5;

function refusal(run: Run, question: Question, names: readonly string[]): KubewrightError {
  const { verb, group, resource, namespace, label } = question;
  const kind = group ? `${resource}.${group}` : resource;
  const where = namespace === undefined ? 'in the whole cluster' : `in namespace ${namespace}`;
  const some = names.length < question.names.size || label === '' ? names.slice(0, manyNames) : [];
  const more = some.length < names.length && some.length > 0 ? ', …' : '';
  const which = some.length > 0 ? ` (${some.join(', ')}${more})` : '';
  return new KubewrightError({
    code: 'NotAllowed',
    resource: label || undefined,
    message: `${subject(run)} needs the permission to ${verb} ${kind} ${where}${which}`,
    hint: `Grant it with a Role: apiGroups ["${group}"], resources ["${resource}"], verbs ["${verb}"]; the verb \`rbac\` prints all that is needed.`,
  });
}
