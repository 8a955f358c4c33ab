import { loadEnvironments } from './environments.ts';
import { describeFailure, failureText } from './failure.ts';
import { displayPath } from './load-module.ts';
import type { Stack } from './stack.ts';
import { prepareTarget } from './target.ts';
import type { Call, Outcome, Verb } from './verb.ts';

/** `validate`: what is wrong with a stack, without a cluster. */
export const validateVerb: Verb = {
  name: 'validate',
  summary: 'checks graphs and the values of every environment, without a cluster',
  examples: ['validate', 'validate --env prod'],
  operand: 'stacks',
  environment: 'optional',
  run: runValidate,
};

interface Checked {
  readonly file: string;
  readonly environment: string;
  readonly graph: string;
  readonly error?: unknown;
}

async function runValidate({ stacks, flags, terminal }: Call): Promise<Outcome> {
  const checked = (await Promise.all(stacks.map((stack) => checkStack(stack, flags['env'])))).flat();
  const files = stacks.map(({ file }) => {
    const failed = checked.filter((entry) => entry.file === displayPath(file) && 'error' in entry);
    return {
      file: displayPath(file),
      accepted: failed.length === 0,
      errors: failed.map(({ environment, graph, error }) => ({ environment, graph, ...describeFailure(error) })),
    };
  });
  const { green, red } = terminal.colors;
  const text = checked.map((entry) => {
    const place = `${entry.file} ${entry.graph} for ${entry.environment}`;
    return 'error' in entry ? `${red('✗')} ${place}\n${indent(failureText(entry.error))}` : `${green('✓')} ${place}`;
  });
  return { document: { files }, text: text.join('\n'), exitCode: files.every(({ accepted }) => accepted) ? 0 : 1 };
}

async function checkStack(stack: Stack, env: unknown): Promise<Checked[]> {
  const { synthesize } = await import('../gitops/synth.ts');
  const { loadEnvironment } = await import('./environments.ts');
  const environments =
    env === undefined ? await loadEnvironments(stack.file) : [await loadEnvironment(stack.file, env as string)];
  return environments.flatMap((environment) =>
    stack.graphs.map((graph) => {
      const place = { file: displayPath(stack.file), environment: environment.name, graph: graph.name };
      try {
        const target = prepareTarget(graph, environment);
        // The files show what kro would refuse; direct mode may need values that only the cluster knows, and that is fine.
        if (target.mode === 'kro') synthesize(target.graph, target);
        return place;
      } catch (error) {
        return { ...place, error };
      }
    }),
  );
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '    ');
}
