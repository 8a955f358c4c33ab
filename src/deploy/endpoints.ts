import type { KubernetesObject } from '../cluster/cluster.ts';
import { informer, type Informer } from '../cluster/watch.ts';
import { waitsForEndpoints } from './readiness/platform.ts';
import { fields, text, type Fields, type ServiceReference } from './readiness/verdict.ts';
import type { Run } from './run.ts';

const slices = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' } as const;
const serviceLabel = 'kubernetes.io/service-name';

/** Whether Services have endpoints that are ready. One watch per namespace, and only where somebody asks. */
export class Endpoints {
  readonly #run: Run;
  readonly #onChange: () => void;
  readonly #informers = new Map<string, Informer>();
  /** Namespaces that are not waited for. */
  readonly #unreadable = new Set<string>();
  #stopped = false;

  constructor(run: Run, onChange: () => void) {
    this.#run = run;
    this.#onChange = onChange;
  }

  /** Who may not see endpoints does not wait for them. */
  ready({ namespace, name }: ServiceReference): boolean {
    let following = this.#informers.get(namespace);
    if (!following) {
      following = informer(this.#run.cluster, { ...slices, namespace }, { onChange: this.#onChange });
      this.#informers.set(namespace, following);
      following.ready.then(
        () => this.#onChange(),
        (error: unknown) => this.#refused(namespace, error),
      );
    }
    return this.#unreadable.has(namespace) || [...following.objects()].some((slice) => isReadySlice(slice, name));
  }

  stop(): void {
    this.#stopped = true;
    for (const each of this.#informers.values()) each.stop();
  }

  #refused(namespace: string, error: unknown): void {
    if (this.#stopped) return;
    this.#unreadable.add(namespace);
    this.#run.emit({
      type: 'warning',
      message: `endpoints of Services in namespace ${namespace} are not waited for: they cannot be read (${error instanceof Error ? error.message : String(error)})`,
    });
    this.#onChange();
  }
}

function isReadySlice(slice: KubernetesObject, service: string): boolean {
  const endpoints = slice['endpoints'];
  return (
    slice.metadata.labels?.[serviceLabel] === service &&
    Array.isArray(endpoints) &&
    (endpoints as readonly Fields[]).some(({ conditions }) => fields(conditions)['ready'] !== false)
  );
}

/** The same, read once, for those that these objects need. */
export async function endpointsNow(
  run: Run,
  objects: readonly KubernetesObject[],
): Promise<(service: ServiceReference) => boolean> {
  const namespaces = new Set(objects.flatMap(servicesOf).map(({ namespace }) => namespace));
  const found = new Map<string, readonly KubernetesObject[] | undefined>();
  const read = async (namespace: string): Promise<void> => {
    const list = run.cluster.list({ ...slices, namespace }, { signal: run.signal });
    found.set(namespace, await list.then(({ items }) => items).catch(() => undefined));
  };
  await Promise.all([...namespaces].map(read));
  return ({ namespace, name }) => found.get(namespace)?.some((slice) => isReadySlice(slice, name)) ?? true;
}

/** A Service that stands for a name elsewhere has no endpoints of its own. */
export function isElsewhere(service: KubernetesObject | undefined): boolean {
  return fields(service?.['spec'])['type'] === 'ExternalName';
}

/** The Services whose endpoints an object needs: those behind a webhook configuration, or a Service that is told to wait. */
export function servicesOf(object: KubernetesObject): readonly ServiceReference[] {
  if (waitsForEndpoints(object)) return [{ namespace: object.metadata.namespace ?? '', name: object.metadata.name }];
  const hooks = object['webhooks'];
  if (!Array.isArray(hooks)) return [];
  return (hooks as readonly Fields[]).flatMap(({ clientConfig }) => {
    const service = fields(fields(clientConfig)['service']);
    const [namespace, name] = [text(service['namespace']), text(service['name'])];
    return namespace && name ? [{ namespace, name }] : [];
  });
}
