import type { DestroyResult } from '../deploy/destroy.ts';
import type { Plan } from '../deploy/options.ts';
import { seconds } from './deploy.ts';
import { DeployView } from './deploy-view.ts';
import { announce, clusterText } from './heading.ts';
import { planText } from './plan-text.ts';
import { targetOptions, withCluster, withProgress } from './session.ts';
import type { Stack } from './stack.ts';
import type { Target } from './target.ts';
import { loadOneTargets } from './targets.ts';
import type { Terminal } from './terminal.ts';
import type { Call, Outcome, Verb } from './verb.ts';

/** `destroy`: deletes a deployment, in the reverse of the order in which it was made. */
export const destroyVerb: Verb = {
  name: 'destroy',
  summary: 'deletes a deployment and waits until it is gone',
  examples: ['destroy --env dev', 'destroy --env prod --yes --definition'],
  operand: 'stack',
  environment: 'required',
  options: [
    { flags: '-y, --yes', text: 'asks no question (none is asked in CI and for a local control plane)' },
    {
      flags: '--force-finalizers <name>',
      text: 'takes this finalizer off objects that it still holds after 10 s; may be given several times',
      many: true,
    },
    {
      flags: '--definition',
      text: 'kro mode: deletes the ResourceGraphDefinition too, when no instance of it is left',
    },
    { flags: '--timeout <seconds>', text: 'gives up after this time', default: '900' },
  ],
  run: runDestroy,
};

async function runDestroy({ stacks, flags, terminal, signal }: Call): Promise<Outcome> {
  const { environment, targets } = await loadOneTargets(stacks[0] as Stack, flags['env']);
  const timeoutMs = seconds(flags['timeout']) * 1000;
  const { destroy } = await import('../deploy/destroy.ts');
  const destroyed: { target: Target; result: DestroyResult }[] = [];
  await withProgress(terminal, async (progress) => {
    // What was deployed last may read what was deployed first.
    for (const target of targets.toReversed()) {
      announce(progress, target, { environment: environment.name, terminal });
      const view = new DeployView(progress, { colors: terminal.colors, graph: target.name, work: 'destroy' });
      const asks = terminal.interactive && flags['yes'] !== true && target.cluster.kind !== 'local';
      const confirm = async (plan: Plan): Promise<boolean> => {
        view.pause();
        progress.line(planText(plan, terminal.colors));
        return asks ? terminal.confirm(`Delete ${target.name} from ${clusterText(target.cluster)}?`, signal) : true;
      };
      const result = await withCluster(target.cluster, progress, (cluster) =>
        destroy(target.graph, {
          ...targetOptions(target, cluster, signal),
          timeoutMs,
          definition: flags['definition'] === true,
          forceFinalizers: (flags['forceFinalizers'] as string[] | undefined) ?? [],
          confirm,
          onEvent: (event) => view.show(event),
        }),
      );
      destroyed.push({ target, result });
    }
  });
  return {
    document: {
      environment: environment.name,
      graphs: destroyed.map(({ target, result }) => ({ graph: target.name, mode: target.mode, ...result })),
    },
    text: destroyed.map(({ target, result }) => destroyText(target, result, terminal)).join('\n'),
  };
}

/** What a `destroy` did. */
export function destroyText(
  target: Pick<Target, 'name'>,
  { objects, kept, duration }: DestroyResult,
  { colors }: Pick<Terminal, 'colors'>,
): string {
  if (objects.length === 0 && kept.length === 0) return `${target.name} is not deployed`;
  const lines = [
    `${colors.green('✓')} ${colors.bold(target.name)}: ${objects.length} ${objects.length === 1 ? 'object' : 'objects'} deleted, ${(duration / 1000).toFixed(1)} s`,
  ];
  for (const text of kept) lines.push(colors.yellow(`  kept: ${text}`));
  return lines.join('\n');
}
