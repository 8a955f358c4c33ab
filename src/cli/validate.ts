import { loadEnvironments } from './environments.ts';
import { describeFailure, failureText } from './failure.ts';
import { displayPath } from './load-module.ts';
import { loadStack } from './load-stack.ts';
import { isManifestFile } from './manifest-files.ts';
import type { Stack } from './stack.ts';
import { prepareTarget } from './target.ts';
import { validateDefinitions } from './validate-definitions.ts';
import type { Call, Outcome, Verb } from './verb.ts';

/** `validate`: what is wrong with a stack, without a cluster. */
export const validateVerb: Verb = {
  name: 'validate',
  summary:
    'checks stacks with the values of every environment, or says what kro says to definitions, without a cluster',
  examples: ['validate', 'validate --env prod'],
  operand: 'files',
  environment: 'optional',
  options: [
    { flags: '--crds <path>', text: 'file or folder with CustomResourceDefinitions that definitions use', many: true },
    { flags: '--feature-gates <names>', text: "kro's feature gates that are on, such as CELOmitFunction", many: true },
  ],
  run: runValidate,
};

async function runValidate(call: Call): Promise<Outcome> {
  const definitions = call.files.filter(isManifestFile);
  const stacks = [...call.stacks];
  for (const file of call.files) if (!isManifestFile(file)) stacks.push(await loadStack(file));
  const outcomes: (Outcome & { files: readonly object[] })[] = [];
  if (definitions.length > 0) outcomes.push(await validateDefinitions(definitions, call));
  if (stacks.length > 0) outcomes.push(await validateStacks(stacks, call));
  return {
    document: { files: outcomes.flatMap(({ files }) => files) },
    text: outcomes.map(({ text }) => text).join('\n'),
    exitCode: Math.max(...outcomes.map(({ exitCode }) => exitCode ?? 0)),
  };
}

interface Checked {
  readonly file: string;
  readonly environment: string;
  readonly graph: string;
  readonly error?: unknown;
}

async function validateStacks(
  stacks: readonly Stack[],
  { flags, terminal }: Call,
): Promise<Outcome & { files: readonly object[] }> {
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
  return {
    files,
    document: { files },
    text: text.join('\n'),
    exitCode: files.every(({ accepted }) => accepted) ? 0 : 1,
  };
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
