import type { KubernetesObject } from '../cluster/cluster.ts';
import { purposes, usualPurposes, type Purpose } from '../deploy/access/need.ts';
import type { Access } from '../deploy/rbac.ts';
import { KubewrightError } from '../errors.ts';
import { clusterText } from './heading.ts';
import { targetOptions, withCluster, withProgress } from './session.ts';
import type { Stack } from './stack.ts';
import type { Target } from './target.ts';
import { loadOneTargets } from './targets.ts';
import type { Call, Outcome, Verb } from './verb.ts';

/** `rbac`: the least permissions that a stack needs, as manifests. */
export const rbacVerb: Verb = {
  name: 'rbac',
  summary: 'prints the Roles that commands such as plan, deploy and destroy need, ready for kubectl apply',
  examples: [
    'rbac --env prod',
    'rbac --env prod --for plan',
    'rbac --env prod --for deploy --for destroy --service-account ci/deployer',
  ],
  operand: 'stack',
  environment: 'required',
  options: [
    {
      flags: '--for <verb>',
      text: `what the permissions are for: ${purposes.join(', ')}; may be given several times (default: ${usualPurposes.join(', ')})`,
      many: true,
    },
    { flags: '--service-account <namespace/name>', text: 'also prints the bindings to this service account' },
    {
      flags: '--create-namespace',
      text: 'lets deploy create the namespace; permissions in it then hold for the whole cluster',
    },
    { flags: '--definition', text: 'kro mode: lets destroy and rollback delete the ResourceGraphDefinition' },
    { flags: '--required-only', text: 'leaves out what only makes answers better' },
  ],
  run: runRbac,
};

interface Printed {
  readonly target: Target;
  readonly access: Access;
}

async function runRbac({ stacks, flags, terminal, signal }: Call): Promise<Outcome> {
  const { environment, targets } = await loadOneTargets(stacks[0] as Stack, flags['env']);
  const chosen = purposesOf(flags['for'] as readonly string[] | undefined);
  const serviceAccount = serviceAccountOf(flags['serviceAccount'] as string | undefined);
  const [{ rbac }, { toYaml }] = await Promise.all([import('../deploy/rbac.ts'), import('../gitops/yaml.ts')]);
  const printed: Printed[] = [];
  await withProgress(terminal, async (progress) => {
    for (const target of targets) {
      progress.live(() => [`Reading ${target.name}`]);
      const access = await withCluster(target.cluster, progress, (cluster) =>
        rbac(target.graph, {
          ...targetOptions(target, cluster, signal),
          for: chosen,
          serviceAccount,
          createNamespace: flags['createNamespace'] === true,
          definition: flags['definition'] === true,
        }),
      );
      printed.push({ target, access: flags['requiredOnly'] === true ? { ...access, optional: [] } : access });
    }
  });
  const documents = printed.flatMap(({ target, access }) => {
    const what = `${chosen.join(', ')} of ${target.name} in ${environment.name} (${target.mode}, ${clusterText(target.cluster)})`;
    const write = (manifests: readonly KubernetesObject[], comments: readonly string[]): string[] =>
      manifests.map((manifest, index) => [...(index === 0 ? comments : []), toYaml(manifest)].join('\n'));
    return [
      ...write(access.required, [`# What ${what} cannot do without.`, ...access.notes.map((note) => `# ${note}`)]),
      ...write(access.optional, [
        `# What ${what} can do without:`,
        '# diagnosis says why something is not ready, drift what others changed, namespace-removal whether a',
        '# namespace is empty and can go, definition-removal whether a CustomResourceDefinition can, kro-version',
        '# whether this version of kro is supported.',
      ]),
    ];
  });
  return {
    document: {
      environment: environment.name,
      graphs: printed.map(({ target, access }) => ({ graph: target.name, mode: target.mode, for: chosen, ...access })),
    },
    text: documents.join('---\n').trimEnd(),
  };
}

function purposesOf(values: readonly string[] = usualPurposes): readonly Purpose[] {
  for (const value of values) {
    if (!(purposes as readonly string[]).includes(value))
      throw new KubewrightError({
        code: 'Usage',
        message: `--for takes ${purposes.join(', ')} (was ${JSON.stringify(value)})`,
      });
  }
  return purposes.filter((purpose) => values.includes(purpose));
}

function serviceAccountOf(value: string | undefined): { namespace: string; name: string } | undefined {
  if (value === undefined) return undefined;
  const [namespace, name, ...rest] = value.split('/');
  if (namespace && name && rest.length === 0) return { namespace, name };
  throw new KubewrightError({
    code: 'Usage',
    message: `--service-account takes <namespace>/<name> (was ${JSON.stringify(value)})`,
  });
}
