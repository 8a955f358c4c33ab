import { setTimeout as sleep } from 'node:timers/promises';
import { isApiError } from '../../cluster/api-error.ts';
import type { KubernetesObject } from '../../cluster/cluster.ts';
import { definitionsOf } from '../../kro/chain.ts';
import { groupOf } from '../identity.ts';
import type { ObjectAddress } from '../options.ts';
import { ownFields } from '../ownership.ts';
import { missingPermissions } from '../permissions.ts';
import { fields, text } from '../readiness/verdict.ts';
import { removeInOrder } from '../remove.ts';
import type { Run } from '../run.ts';
import { definitionKind } from './installed.ts';
import { namesOf, readInstances, type InstanceKind } from './instances.ts';

/** A definition that this deployment made and that nobody needs any more. */
export interface ObsoleteDefinition {
  readonly object: KubernetesObject;
  readonly address: ObjectAddress;
  readonly kind: InstanceKind;
}

/** Definitions that go, and why others stay. */
export interface Obsolete {
  readonly removals: readonly ObsoleteDefinition[];
  readonly kept: readonly string[];
}

export const nothingObsolete: Obsolete = { removals: [], kept: [] };

const pollMs = 500;

/** Of definitions that this deployment made and does not need any more those that nobody else uses. */
export async function obsoleteDefinitions(run: Run, names: readonly string[]): Promise<Obsolete> {
  const found = await Promise.all(
    names.map((name) => run.cluster.get({ ...definitionKind, name }, { signal: run.signal })),
  );
  const made = found.flatMap((object) => (object && ownFields(object) ? removalOf(object) : []));
  if (made.length === 0) return nothingObsolete;
  const reasons = await Promise.all(
    (await usesOf(run, made)).map(async (use, index) => use ?? (await refusal(run, made[index] as ObsoleteDefinition))),
  );
  return {
    removals: made.filter((_, index) => reasons[index] === undefined),
    kept: made.flatMap(({ address }, index) =>
      reasons[index] === undefined
        ? []
        : `ResourceGraphDefinition ${address.name} is no longer needed and stays: ${reasons[index]}`,
    ),
  };
}

/** What is left of definitions that go. */
export function keptKinds({ removals }: Obsolete): readonly string[] {
  return removals.map(
    ({ address, kind: { kind } }) =>
      `ResourceGraphDefinition ${address.name}: the CustomResourceDefinition of ${kind} stays, unless kro runs with --allow-crd-deletion`,
  );
}

/**
 * Deletes definitions as soon as kro has deleted the instances of theirs that were inside of this deployment: without its
 * definition an instance could not be deleted any more.
 */
export async function removeDefinitions(run: Run, { removals }: Obsolete): Promise<Obsolete> {
  if (removals.length === 0) return nothingObsolete;
  const kinds = removals.map(({ kind }) => kind);
  while ((await readInstances(run, kinds)).some(({ own }) => own.length > 0)) {
    await sleep(pollMs, undefined, { signal: run.signal }).catch(() => undefined);
    run.signal.throwIfAborted();
  }
  const uses = await usesOf(run, removals);
  const unused = removals.filter((_, index) => uses[index] === undefined);
  // Whoever uses another one was made after it.
  await removeInOrder(
    run,
    unused.map(({ object, address }, wave) => ({ object, address, wave })),
  );
  const kept = removals.flatMap(({ address }, index) =>
    uses[index] === undefined ? [] : `ResourceGraphDefinition ${address.name} stays: ${uses[index]}`,
  );
  for (const message of kept) run.emit({ type: 'warning', message });
  return { removals: unused, kept };
}

function removalOf(object: KubernetesObject): ObsoleteDefinition {
  const { name } = object.metadata;
  const schema = fields(fields(object['spec'])['schema']);
  return {
    object,
    address: { label: `definition ${name}`, ...definitionKind, name },
    kind: {
      group: text(schema['group']) ?? groupOf(definitionKind.apiVersion),
      version: text(schema['apiVersion']) ?? '',
      kind: text(schema['kind']) ?? '',
    },
  };
}

/** Who else uses each of these: instances of others, and definitions that make instances of its kind. */
async function usesOf(run: Run, made: readonly ObsoleteDefinition[]): Promise<readonly (string | undefined)[]> {
  if (made.length === 0) return [];
  try {
    const [instances, { items }] = await Promise.all([
      readInstances(
        run,
        made.map(({ kind }) => kind),
      ),
      run.cluster.list(definitionKind, { signal: run.signal }),
    ]);
    const ours = new Set([...definitionsOf(run.graph), ...made.map(({ address }) => address)].map(({ name }) => name));
    const foreign = items.filter(({ metadata }) => !ours.has(metadata.name));
    return made.map(({ kind }, index) => {
      const { others = [] } = instances[index] ?? {};
      if (others.length > 0) return `it has instances: ${namesOf(others)}`;
      const users = foreign.filter((definition) => makes(definition, kind));
      return users.length > 0 ? `other definitions use it: ${namesOf(users)}` : undefined;
    });
  } catch (error) {
    if (!isApiError(error, 'Forbidden')) throw error;
    return made.map(() => `who else uses it is not known: ${error.message}`);
  }
}

function makes(definition: KubernetesObject, { group, kind }: InstanceKind): boolean {
  const resources = (fields(definition['spec'])['resources'] ?? []) as readonly Record<string, unknown>[];
  return resources.some(({ template, externalRef }) => {
    const object = fields(template ?? externalRef);
    return object['kind'] === kind && groupOf(text(object['apiVersion']) ?? '') === group;
  });
}

/** Restoring what was needs no permission to delete a definition, so it does not fail for want of it. */
async function refusal(run: Run, { address }: ObsoleteDefinition): Promise<string | undefined> {
  const missing = await missingPermissions(run, [{ ...address, action: 'delete' }]);
  return missing.find(({ error }) => error.resource === address.label)?.error.message;
}
