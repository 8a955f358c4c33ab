import { KubewrightError } from '../../errors.ts';
import { isApiError } from '../../cluster/api-error.ts';
import type { KindReference, KubernetesObject, ListQuery } from '../../cluster/cluster.ts';
import { kroApiVersion, supportedKroVersions } from '../../kro/api.ts';
import { kindOf, type Run } from '../run.ts';

export const definitionKind: KindReference = { apiVersion: kroApiVersion, kind: 'ResourceGraphDefinition' };

/** The error of a cluster without kro; `undefined` when it serves kro's API. */
export async function missingKro(run: Run): Promise<KubewrightError | undefined> {
  if (await kindOf(run, definitionKind)) return undefined;
  return new KubewrightError({
    code: 'KroMissing',
    resource: run.graph.name,
    message: `mode kro needs kro, and ${run.cluster.name} (${run.cluster.server}) does not serve ${kroApiVersion} ResourceGraphDefinition`,
    hint: `Install it: ${installation}; or deploy in mode direct.`,
  });
}

const installation = `helm upgrade --install kro oci://registry.k8s.io/kro/charts/kro --namespace kro-system --create-namespace --version ${supportedKroVersions.at(-1) ?? ''}`;

/** What is wrong with the version of kro that a cluster runs, found before anything is written. */
export async function versionVerdict(
  run: Run,
): Promise<{ readonly problem?: KubewrightError; readonly warning?: string }> {
  const deployments = await listOrNothing(run, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    labelSelector: 'app.kubernetes.io/name=kro',
  });
  const running = deployments.flatMap((deployment) => imageVersion(deployment) ?? []);
  const unsupported = running.find((version) => !supportedKroVersions.includes(version));
  if (unsupported !== undefined)
    return {
      problem: new KubewrightError({
        code: 'KroVersion',
        resource: run.graph.name,
        message: `kro ${unsupported} runs in ${run.cluster.name}; supported are ${supportedKroVersions.join(', ')}`,
        hint: `Install a supported one: ${installation}; or deploy in mode direct.`,
      }),
    };
  if (running.length > 0) return {};
  // What kro made last tells its version too, though kro may have been updated since then.
  const kinds = await listOrNothing(run, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    labelSelector: 'kro.run/owned=true',
  });
  const createdAt = ({ metadata }: KubernetesObject): string => metadata.creationTimestamp ?? '';
  const last = [...kinds].sort((a, b) => (createdAt(a) < createdAt(b) ? 1 : -1))[0];
  const warning = unsupportedVersion(last?.metadata.labels);
  return warning === undefined ? {} : { warning };
}

async function listOrNothing(run: Run, query: ListQuery): Promise<readonly KubernetesObject[]> {
  try {
    return (await run.cluster.list(query, { signal: run.signal })).items;
  } catch (error) {
    if (isApiError(error, 'Forbidden', 'KindNotServed')) return [];
    throw error;
  }
}

/** `registry.k8s.io/kro/controller:v0.9.4` */
function imageVersion(deployment: KubernetesObject): string | undefined {
  const { template } = (deployment['spec'] ?? {}) as { template?: { spec?: { containers?: { image?: string }[] } } };
  for (const { image = '' } of template?.spec?.containers ?? []) {
    const version = /\/kro\/[^:@]+:v?(\d+\.\d+\.\d+[^@]*)/.exec(image)?.[1];
    if (version !== undefined) return version;
  }
  return undefined;
}

/** kro writes its version on what it makes. */
export function unsupportedVersion(labels: Readonly<Record<string, string>> | undefined): string | undefined {
  const version = labels?.['kro.run/kro-version']?.replace(/^v/, '');
  if (version === undefined || supportedKroVersions.includes(version)) return undefined;
  return `kro ${version} runs here; supported are ${supportedKroVersions.join(', ')}`;
}
