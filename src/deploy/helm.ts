import type { KubernetesObject } from '../cluster/cluster.ts';

/** The release that an object was installed by, as Helm 3 and 4 write it on the object. */
export interface HelmRelease {
  readonly name: string;
  readonly namespace: string;
}

export function helmReleaseOf({ metadata }: KubernetesObject): HelmRelease | undefined {
  const name = metadata.annotations?.['meta.helm.sh/release-name'];
  const namespace = metadata.annotations?.['meta.helm.sh/release-namespace'];
  return name !== undefined && namespace !== undefined ? { name, namespace } : undefined;
}

export function releaseText({ name, namespace }: HelmRelease): string {
  return `Helm release ${namespace}/${name}`;
}

/** What to do with a release whose objects were taken over: Helm still thinks that it has them. */
export function forgetRelease(release: HelmRelease): string {
  const { name, namespace } = release;
  return (
    `let Helm forget the release when all of its objects are taken over: ` +
    `kubectl delete secret --namespace ${namespace} --selector owner=helm,name=${name}; ` +
    'helm uninstall would delete them, and helm upgrade change them again'
  );
}

/** One line for each release that objects are taken over from. */
export function takenReleases(objects: readonly KubernetesObject[]): readonly string[] {
  const releases = objects.map(helmReleaseOf).filter((release) => release !== undefined);
  const byText = Map.groupBy(releases, releaseText);
  return [...byText].map(([text, all]) => {
    const [release] = all as [HelmRelease];
    const what = all.length === 1 ? 'an object' : `${all.length} objects`;
    return `${what} of ${text} will be taken over. Afterwards ${forgetRelease(release)}`;
  });
}
