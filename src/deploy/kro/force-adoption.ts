import { isApiError } from '../../cluster/api-error.ts';
import type { KubernetesObject } from '../../cluster/cluster.ts';
import { KubewrightError } from '../../errors.ts';
import type { ResolvedObject } from '../../resolve/resolution.ts';
import { foreignError } from '../decide.ts';
import { describe, keys, keyOf, refOf } from '../identity.ts';
import type { DeployOptions, PlannedChange } from '../options.ts';
import type { Run } from '../run.ts';
import type { Outline } from './secrets.ts';

/** Objects that exist already and that kro would make its own. */
export interface ForceAdoption {
  readonly changes: readonly PlannedChange[];
  readonly problems: readonly Error[];
}

const owned = 'kro.run/owned';

/**
 * kro takes over by force whatever has the name of an object that it makes, and deletes it with the instance: that needs
 * consent. Objects whose names only the cluster knows are not found.
 */
export async function forceAdoption(
  run: Run,
  outline: Outline,
  { adopt, handed }: Pick<DeployOptions, 'adopt'> & { readonly handed?: ReadonlySet<string> | undefined },
): Promise<ForceAdoption> {
  const made = outline.objects.filter((object) => !outline.secrets.includes(object));
  const found = await Promise.all(
    made.map(async (resolved) => ({ resolved, live: await run.pool.run(() => read(run, resolved)) })),
  );
  const changes: PlannedChange[] = [];
  const problems: Error[] = [];
  for (const { resolved, live } of found) {
    if (!live || live.metadata.deletionTimestamp || live.metadata.labels?.[owned] === 'true') continue;
    const address = { label: resolved.label, ...refOf(live) };
    changes.push({ ...address, action: 'adopt', fields: [] });
    const set = live.metadata.labels?.[keys.partOf];
    if (handed && (set === run.identity.id || (set === undefined && handed.has(keyOf(refOf(live)))))) continue;
    if (set !== undefined) problems.push(anotherSet(address, set));
    else if (!adopt) problems.push(foreignError(address, live));
  }
  return { changes, problems };
}

async function read(run: Run, { object }: ResolvedObject): Promise<KubernetesObject | undefined> {
  try {
    return await run.cluster.get(refOf(object), { signal: run.signal });
  } catch (error) {
    if (isApiError(error, 'KindNotServed')) return undefined;
    if (!isApiError(error, 'Forbidden')) throw error;
    run.emit({
      type: 'warning',
      message: `kro would take over ${describe(refOf(object))} if somebody else made it: ${error.message}`,
    });
    return undefined;
  }
}

function anotherSet(address: Pick<PlannedChange, 'label' | 'kind' | 'namespace' | 'name'>, set: string): Error {
  return new KubewrightError({
    code: 'NotOurs',
    resource: address.label,
    message: `${describe(address)} exists and is part of ${set}, and kro takes nothing from another deployment`,
    hint: `Remove it there, take the label ${keys.partOf} off it, or give this one another name or namespace.`,
  });
}
