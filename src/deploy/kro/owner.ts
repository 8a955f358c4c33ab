import type { KubernetesObject } from '../../cluster/cluster.ts';

/** Who made an object of kro's, for people. */
export interface Owner {
  readonly name: string;
  /** Of a GitOps tool, which writes its version again: what to do before. */
  readonly returns?: string;
}

/** Names the GitOps tool behind an object, or else the managers of its fields. */
export function ownerOf({ metadata: { labels = {}, annotations = {}, managedFields = [] } }: KubernetesObject): Owner {
  const tool = argo(labels, annotations) ?? flux(labels);
  if (tool !== undefined)
    return { name: tool, returns: `${tool} writes its own version again until it is removed there` };
  const managers = managedFields
    .filter(({ manager, subresource }) => !subresource && manager !== 'controller' && !manager?.startsWith('kro'))
    .map(({ manager }) => manager);
  return { name: [...new Set(managers)].join(', ') || 'somebody else' };
}

type Entries = Readonly<Record<string, string>>;

function argo(labels: Entries, annotations: Entries): string | undefined {
  const tracked = annotations['argocd.argoproj.io/tracking-id']?.split(':')[0] ?? labels['argocd.argoproj.io/instance'];
  return tracked === undefined ? undefined : `Argo CD application ${tracked}`;
}

function flux(labels: Entries): string | undefined {
  for (const [prefix, kind] of [
    ['kustomize', 'Kustomization'],
    ['helm', 'HelmRelease'],
  ] as const) {
    const name = labels[`${prefix}.toolkit.fluxcd.io/name`];
    if (name !== undefined) return `Flux ${kind} ${labels[`${prefix}.toolkit.fluxcd.io/namespace`] ?? ''}/${name}`;
  }
  return undefined;
}
