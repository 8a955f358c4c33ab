import { KubewrightError } from '../../errors.ts';
import type { KindReference } from '../../cluster/cluster.ts';
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
    hint: `Install it: helm install kro oci://registry.k8s.io/kro/charts/kro --namespace kro-system --create-namespace --version ${supportedKroVersions.at(-1) ?? ''}; or deploy in mode direct.`,
  });
}

/** kro writes its version on what it makes; there is no other place that says it. */
export function unsupportedVersion(labels: Readonly<Record<string, string>> | undefined): string | undefined {
  const version = labels?.['kro.run/kro-version']?.replace(/^v/, '');
  if (version === undefined || supportedKroVersions.includes(version)) return undefined;
  return `kro ${version} runs here; supported are ${supportedKroVersions.join(', ')}`;
}
