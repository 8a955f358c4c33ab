/** How kinds are served, asked once per API version and connection. */
import type { ApiResource, CallOptions, KindReference, ResourcesOptions } from './cluster.ts';

/** Looks up a kind that needs no discovery. */
export type KnownKinds = (kind: KindReference) => ApiResource | undefined;

/** Reads a JSON document of the server; `undefined` on 404. */
export type ReadDocument = (path: string, options: CallOptions & { readonly accept?: string }) => Promise<unknown>;

interface ServedResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs?: readonly string[];
}

interface AggregatedGroups {
  readonly kind?: string;
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly {
      readonly version: string;
      readonly freshness?: string;
      readonly resources?: readonly {
        readonly resource: string;
        readonly responseKind?: { readonly kind?: string };
        readonly scope?: string;
        readonly verbs?: readonly string[];
      }[];
    }[];
  }[];
}

const aggregated =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList';

/** Finds out how kinds are served. */
export class Discovery {
  readonly #read: ReadDocument;
  readonly #known: KnownKinds;
  readonly #versions = new Map<string, readonly ApiResource[]>();
  readonly #pending = new Map<string, Promise<readonly ApiResource[]>>();

  constructor(read: ReadDocument, known: KnownKinds = () => undefined) {
    this.#read = read;
    this.#known = known;
  }

  /** How a kind is served, from what is known, else from the server; "not served" is asked again every time. */
  async find(
    kind: KindReference,
    options: CallOptions & { readonly refresh?: boolean } = {},
  ): Promise<ApiResource | undefined> {
    if (!options.refresh) {
      const known = this.#known(kind) ?? pick(this.#versions.get(kind.apiVersion), kind);
      if (known) return known;
    }
    return pick(await this.#load(kind.apiVersion, options), kind);
  }

  /** Forgets an API version, because the server answered that it does not serve it. */
  forget(apiVersion: string): void {
    this.#versions.delete(apiVersion);
  }

  /** Every kind, in the first of its group's versions that has it. */
  async all({ onUnknown, ...options }: ResourcesOptions = {}): Promise<readonly ApiResource[]> {
    const documents = await Promise.all(
      ['/api', '/apis'].map((path) => this.#read(path, { ...options, accept: aggregated })),
    );
    return documents.flatMap((document) => kindsOf(document as AggregatedGroups, onUnknown));
  }

  #load(apiVersion: string, options: CallOptions): Promise<readonly ApiResource[]> {
    const pending = this.#pending.get(apiVersion);
    if (pending) return pending;
    // Callers share the answer, so the signal of the first one must not end it for all.
    const loading = this.#fetch(apiVersion, { timeoutMs: options.timeoutMs }).finally(() =>
      this.#pending.delete(apiVersion),
    );
    this.#pending.set(apiVersion, loading);
    return loading;
  }

  async #fetch(apiVersion: string, options: CallOptions): Promise<readonly ApiResource[]> {
    const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const document = (await this.#read(path, options)) as { resources?: readonly ServedResource[] } | undefined;
    const resources = (document?.resources ?? [])
      // `pods/log` and the like are parts of a kind.
      .filter((resource) => !resource.name.includes('/'))
      .map(({ name, kind, namespaced, verbs }) => ({ apiVersion, kind, plural: name, namespaced, verbs: verbs ?? [] }));
    if (resources.length > 0) this.#versions.set(apiVersion, resources);
    else this.#versions.delete(apiVersion);
    return resources;
  }
}

function pick(resources: readonly ApiResource[] | undefined, kind: KindReference): ApiResource | undefined {
  return resources?.find((resource) => resource.kind === kind.kind);
}

function kindsOf(
  document: AggregatedGroups | undefined,
  onUnknown: ResourcesOptions['onUnknown'],
): readonly ApiResource[] {
  return (document?.items ?? []).flatMap((group) => {
    const seen = new Map<string, ApiResource>();
    for (const version of group.versions ?? []) {
      const name = group.metadata?.name;
      const apiVersion = name ? `${name}/${version.version}` : version.version;
      if (version.freshness === 'Stale' && !version.resources?.length) onUnknown?.(apiVersion);
      for (const { resource, responseKind, scope, verbs } of version.resources ?? []) {
        const kind = responseKind?.kind;
        if (!kind || seen.has(kind)) continue;
        seen.set(kind, { apiVersion, kind, plural: resource, namespaced: scope === 'Namespaced', verbs: verbs ?? [] });
      }
    }
    return [...seen.values()];
  });
}
