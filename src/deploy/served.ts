import { isApiError } from '../cluster/api-error.ts';
import type { ApiResource, KindReference } from '../cluster/cluster.ts';
import { KubewrightError } from '../errors.ts';
import { groupKind, groupOf } from './identity.ts';
import { fields } from './readiness/verdict.ts';
import { kindOf, subject, type Run } from './run.ts';
import type { World } from './world.ts';

/** How kinds are served that a record names: in another version too, as all versions of a kind hold the same objects. */
export class ServedKinds {
  readonly #run: Run;
  readonly #unknown = new Set<string>();
  #all: Promise<readonly ApiResource[]> | undefined;

  constructor(run: Run) {
    this.#run = run;
  }

  async find(kind: KindReference): Promise<ApiResource | undefined> {
    const found = await kindOf(this.#run, kind);
    if (found) return found;
    const onUnknown = (apiVersion: string): void => void this.#unknown.add(groupOf(apiVersion));
    this.#all ??= this.#run.cluster.resources({ signal: this.#run.signal, onUnknown });
    return (await this.#all).find((each) => groupKind(each) === groupKind(kind));
  }

  /** Why there may be objects of a kind that is not served; without its definition there are none. */
  async mayExist(kind: KindReference): Promise<string | undefined> {
    return this.#unknown.has(groupOf(kind.apiVersion)) ? 'its server does not answer' : whileDefined(this.#run, kind);
  }
}

async function whileDefined(run: Run, kind: KindReference): Promise<string | undefined> {
  try {
    const definitions = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
    const { items } = await run.cluster.list(definitions, { signal: run.signal });
    const isIts = ({ spec }: Readonly<Record<string, unknown>>): boolean =>
      fields(spec)['group'] === groupOf(kind.apiVersion) && fields(fields(spec)['names'])['kind'] === kind.kind;
    return items.some(isIts) ? 'the server serves no version of it' : undefined;
  } catch (error) {
    if (!isApiError(error, 'Forbidden')) throw error;
    return 'the server does not serve it, and whether its CustomResourceDefinition is gone this user may not see';
  }
}

/** What cannot be looked for stays in the record. */
export function unlistedWarnings({ unlisted }: World): readonly string[] {
  return [...unlisted].map(([entry, reason]) => `${unlistedText(entry, reason)}, so it stays in the record`);
}

/** Nothing is forgotten that may still be there. */
export function unlistedProblems(run: Run, { unlisted }: World): readonly KubewrightError[] {
  return [...unlisted].map(
    ([entry, reason]) =>
      new KubewrightError({
        code: 'KindNotServed',
        resource: subject(run),
        message: unlistedText(entry, reason),
        hint: 'Serve a version of it again, or delete its CustomResourceDefinition with all of its objects.',
      }),
  );
}

function unlistedText(entry: string, reason: string): string {
  return `${entry}: objects of this kind may be part of the deployment, and ${reason}`;
}
