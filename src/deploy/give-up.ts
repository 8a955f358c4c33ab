import type { KubernetesObject } from '../cluster/cluster.ts';
import type { Desired } from './desired.ts';
import { valueAt } from './field-path.ts';
import { canonical } from './intent.ts';
import { givenUp, isOwned, ownFields, type OwnedField } from './ownership.ts';
import { retrying } from './retry.ts';
import type { Run } from './run.ts';
import { madeAnew } from './trial.ts';

interface Update {
  readonly live: KubernetesObject;
  /** As the server would store it. */
  readonly after: KubernetesObject;
  /** Whether the value of any field changes. */
  readonly changed: boolean;
}

/** What the graph does not set any more and has its value all the same, which no difference of values shows. */
export async function giveUpWarnings(
  run: Run,
  desired: Desired,
  { live, after, changed }: Update,
): Promise<readonly string[]> {
  const stays = givenUp(ownFields(live) ?? {}, ownFields(after)).filter(
    ({ path }) => canonical(valueAt(live, path)) === canonical(valueAt(after, path)),
  );
  const shared = stays.filter((field) => isOwned(after, field));
  const own = stays.filter((field) => !shared.includes(field) && valueAt(after, field.path) !== undefined);
  const stuck = own.length > 0 ? await withoutDefaults(run, desired, { after, own }) : [];
  const usual = own.filter((field) => !stuck.includes(field));
  const lines: readonly (readonly [readonly OwnedField[], (paths: string) => string])[] = [
    [
      stuck,
      (paths) =>
        `the graph does not set ${paths} any more, which keeps its value: the server does not take it back; to be rid of it, delete the object or give it another name`,
    ],
    [
      changed ? [] : shared,
      (paths) =>
        `no value changes; it gives up ${paths}, which the graph does not set any more, to whoever else has it`,
    ],
    [
      changed ? [] : usual,
      (paths) => `no value changes; the graph does not set ${paths} any more, and the server gives it the same value`,
    ],
  ];
  return lines
    .filter(([group]) => group.length > 0)
    .map(([group, text]) => `${desired.label}: ${text(group.map(({ path }) => path).join(', '))}`);
}

/** The fields that a new object would not have like that; none where the server cannot be asked. */
async function withoutDefaults(
  run: Run,
  desired: Desired,
  { after, own }: Pick<Update, 'after'> & { readonly own: readonly OwnedField[] },
): Promise<readonly OwnedField[]> {
  const asking = retrying(() => run.pool.run(() => madeAnew(run, desired)), { signal: run.signal });
  const made = await asking.catch(() => undefined);
  if (!made) return [];
  return own.filter(({ path }) => canonical(valueAt(made, path)) !== canonical(valueAt(after, path)));
}
