import { describeFailure } from './failure.ts';
import { planText } from './plan-text.ts';
import { targetOptions, withCluster, withProgress } from './session.ts';
import { takeAllText, takeFor } from './take.ts';
import { loadOneTargets } from './targets.ts';
import type { Call, Outcome, Verb } from './verb.ts';
import { heading } from './heading.ts';
import type { SavedPlan } from '../deploy/saved-plan.ts';
import { writePlanFile } from './plan-file.ts';
import type { Plan } from '../deploy/options.ts';
import type { Stack } from './stack.ts';

/** `plan`: what a deployment would change, by the server's own dry run. */
export const planVerb: Verb = {
  name: 'plan',
  alias: 'diff',
  summary: 'shows what deploy would change; writes nothing',
  examples: ['plan --env dev', 'plan --env prod --detailed-exitcode', 'plan --env prod --out prod.plan'],
  operand: 'stack',
  environment: 'required',
  options: [
    { flags: '--adopt', text: 'plan to take over objects that exist and are not ours' },
    {
      flags: '--migrate',
      text: 'moves a deployment from the other mode, or from another definition, without deleting anything',
    },
    { flags: '--replace', text: 'plan to delete and create anew what cannot change in place' },
    {
      flags: '--take <field>',
      text: 'plan to take a field over from its manager, such as web:spec.replicas; may be given several times',
      many: true,
    },
    { flags: '--repair-record', text: 'plan to make a record that cannot be read anew' },
    { flags: '--allow-empty', text: 'plan to delete more than half of what the deployment consists of' },
    { flags: '--prune-all', text: 'plan to delete Namespaces, CRDs and volumes that are no longer in the graph' },
    { flags: '--out <file>', text: 'saves the plan, for deploy --plan <file>' },
    { flags: '--detailed-exitcode', text: 'exit code 2 when there are changes' },
  ],
  run: runPlan,
};

async function runPlan({ stacks, flags, terminal, signal, commandLine }: Call): Promise<Outcome> {
  const { environment, targets } = await loadOneTargets(stacks[0] as Stack, flags['env']);
  const { planToSave } = await import('../deploy/plan.ts');
  const plans: { target: (typeof targets)[number]; plan: Plan; saved?: SavedPlan }[] = [];
  const out = flags['out'] as string | undefined;
  await withProgress(terminal, async (progress) => {
    for (const target of targets) {
      progress.live(() => [`Planning ${target.name}`]);
      const made = await withCluster(target.cluster, progress, async (cluster) => {
        const { plan, save } = await planToSave(target.graph, {
          ...targetOptions(target, cluster, signal),
          adopt: flags['adopt'] === true,
          replace: flags['replace'] === true,
          migrate: flags['migrate'] === true,
          take: await takeFor(target, targets, flags['take']),
          repairRecord: flags['repairRecord'] === true,
          allowEmpty: flags['allowEmpty'] === true,
          pruneAll: flags['pruneAll'] === true,
        });
        return { plan, ...(out !== undefined && { saved: await save() }) };
      });
      plans.push({ target, ...made });
    }
  });
  const changed = plans.some(({ plan: { changed } }) => changed);
  const refused = plans.some(({ plan: { problems } }) => problems.length > 0);
  const document = {
    environment: environment.name,
    changed,
    graphs: plans.map(({ target, plan: made, saved }) => ({
      graph: target.name,
      mode: target.mode,
      ...made,
      problems: made.problems.map(describeFailure),
      ...(saved && { saved }),
    })),
  };
  const takeAll = takeAllText(
    plans.flatMap(({ plan: { problems } }) => problems),
    commandLine,
  );
  if (out !== undefined && !refused) writePlanFile(out, document as never);
  return {
    document,
    text: plans
      .map(
        ({ target, plan: made }) =>
          `${heading(target, environment.name, terminal)}\n${planText(made, terminal.colors, { mode: target.mode, work: 'deploy' })}`,
      )
      .join('\n\n')
      .concat(takeAll && `\n\n${takeAll}`)
      .concat(
        out === undefined
          ? ''
          : refused
            ? `\n\nNothing is saved, as the deployment would be refused.`
            : `\n\nSaved: deploy it with --plan ${out}`,
      ),
    exitCode: refused ? 1 : changed && flags['detailedExitcode'] === true ? 2 : 0,
  };
}
