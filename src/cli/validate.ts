import { existsSync } from 'node:fs';
import { KubewrightError, throwProblems } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { type BrokenEnvironment, loadEnvironment, type NamedEnvironment, tryEnvironments } from './environments.ts';
import { describeFailure, failureText } from './failure.ts';
import { lintFiles } from './lint.ts';
import { displayPath } from './display-path.ts';
import { loadStack } from './load-stack.ts';
import { isManifestFile, readManifestFiles } from './manifest-files.ts';
import type { Stack } from './stack.ts';
import { prepareTarget } from './target.ts';
import { describeSkipped, hasNoValues, type Skipped, skippedText } from './targets.ts';
import { gatesOf, validateDefinitions } from './validate-definitions.ts';
import type { Call, Outcome, Verb } from './verb.ts';

/** `validate`: what is wrong with a stack or a definition, without a cluster. */
export const validateVerb: Verb = {
  name: 'validate',
  summary:
    'checks stacks with the values of every environment, or says what kro says to definitions, without a cluster',
  examples: ['validate', 'validate --env prod'],
  operand: 'files',
  environment: 'optional',
  options: [
    {
      flags: '--crds <path>',
      text: 'file or folder with CustomResourceDefinitions that the kinds come from',
      many: true,
    },
    { flags: '--feature-gates <names>', text: "kro's feature gates that are on, such as CELOmitFunction", many: true },
  ],
  run: runValidate,
};

async function runValidate(call: Call): Promise<Outcome> {
  const definitions = call.files.filter(isManifestFile);
  const stacks: Loaded[] = [...call.stacks];
  for (const file of call.files) if (!isManifestFile(file)) stacks.push(await load(file));
  const outcomes: (Outcome & { files: readonly object[] })[] = [];
  if (definitions.length > 0) outcomes.push(await validateDefinitions(definitions, call));
  if (stacks.length > 0) outcomes.push(await validateStacks(stacks, call));
  return {
    document: { files: outcomes.flatMap(({ files }) => files) },
    text: outcomes.map(({ text }) => text).join('\n'),
    exitCode: Math.max(...outcomes.map(({ exitCode }) => exitCode ?? 0)),
  };
}

/** A stack, or why it cannot be loaded: the other files and the other problems of this one are told all the same. */
type Loaded = Stack | { readonly file: string; readonly error: unknown };

async function load(file: string): Promise<Loaded> {
  try {
    return await loadStack(file);
  } catch (error) {
    if (!existsSync(file) || (error instanceof KubewrightError && error.code === 'NotAStack')) throw error;
    return { file, error };
  }
}

/** Something that was looked at, and what is wrong with it. */
interface Checked {
  readonly place: string;
  readonly environment?: string;
  readonly graph?: string;
  readonly error?: unknown;
  /** Why it was not looked at. */
  readonly skipped?: Skipped;
  /** What is wrong only where kro runs the graph. */
  readonly warning?: unknown;
}

async function validateStacks(
  stacks: readonly Loaded[],
  { flags, terminal }: Call,
): Promise<Outcome & { files: readonly object[] }> {
  const [checked, linted] = await Promise.all([
    Promise.all(stacks.map((stack) => check(stack, flags))),
    lintFiles(stacks.map(({ file }) => file)),
  ]);
  const { green, red, yellow, dim } = terminal.colors;
  const bad = (place: string, text: string): string => `${red('✗')} ${place}\n${text.replaceAll(/^/gm, '    ')}`;
  const verdicts = stacks.map(({ file }, index) => {
    const { problems = [], warning } = linted.get(file) ?? {};
    const all = checked[index] ?? [];
    const failed = [...all.filter((entry) => 'error' in entry), ...problems.map((error) => ({ place: file, error }))];
    const warnings = [
      ...all.flatMap((entry) => ('warning' in entry ? [entry.warning] : [])),
      ...(warning ? [warning] : []),
    ].map(describeFailure);
    const skipped = all.flatMap((entry) => (entry.skipped ? [describeSkipped(entry.skipped)] : []));
    const document = {
      file: displayPath(file),
      accepted: failed.length === 0,
      errors: failed.map(({ place: _, error, ...entry }: Checked) => ({ ...entry, ...describeFailure(error) })),
      ...(warnings.length > 0 && { warnings }),
      ...(skipped.length > 0 && { skipped }),
    };
    const lines = all.flatMap(({ place, ...entry }) => [
      entry.skipped
        ? dim(`- ${displayPath(file)} ${skippedText(entry.skipped)}`)
        : 'error' in entry
          ? bad(place, failureText(entry.error))
          : `${green('✓')} ${place}`,
      ...('warning' in entry ? [yellow(failureText(entry.warning).replaceAll(/^/gm, '    '))] : []),
    ]);
    if (problems.length > 0) lines.push(bad(displayPath(file), problems.map(failureText).join('\n')));
    if (warning) lines.push(yellow(warning.message));
    return { document, lines };
  });
  const files = verdicts.map(({ document }) => document);
  return {
    files,
    document: { files },
    text: verdicts.flatMap(({ lines }) => lines).join('\n'),
    exitCode: files.every(({ accepted }) => accepted) ? 0 : 1,
  };
}

async function check(stack: Loaded, flags: Call['flags']): Promise<Checked[]> {
  const place = displayPath(stack.file);
  if ('error' in stack) return [{ place, error: stack.error }];
  const { usable, broken } = await environmentsOf(stack, flags['env']);
  const refuse = await refusals(flags);
  const unloaded = broken.map(({ name, file, error }) => ({ place: file, environment: name, error }));
  if (usable.length > 0) {
    const checked = await checkStack(stack, usable, refuse);
    // The values may be where nobody could look.
    const skips = flags['env'] === undefined ? skipping(checked, broken.length > 0) : checked;
    return [...skips, ...unloaded];
  }
  // That a graph could be built is most of it; who will run it is not known.
  const built = stack.graphs.map((graph) => {
    const entry = { place: `${place} ${graph.name}`, graph: graph.name };
    try {
      refuse(graph);
      return entry;
    } catch (error) {
      return { ...entry, warning: onlyKro(error) };
    }
  });
  return [...built, ...unloaded];
}

/** Environments that have no values for a graph are skipped, unless all are like that. */
function skipping(checked: readonly Checked[], anyway: boolean): Checked[] {
  return checked.map((entry) => {
    const { place, environment, graph, error } = entry;
    if (environment === undefined || graph === undefined || !hasNoValues(error)) return entry;
    const isElsewhere = checked.some((other) => other.graph === graph && !hasNoValues(other.error));
    return anyway || isElsewhere ? { place, skipped: { environment, graph, error } } : entry;
  });
}

/** Throws what kro refuses in the definition of a graph. */
type Refuse = (graph: Graph, gates?: readonly string[]) => void;

async function refusals(flags: Call['flags']): Promise<Refuse> {
  const { judgeGraph, refusalErrors } = await import('../kro/validate-graph.ts');
  const crds = readManifestFiles((flags['crds'] ?? []) as string[]);
  const featureGates = gatesOf((flags['featureGates'] ?? []) as string[]);
  return (graph, gates = []) => {
    const { errors } = judgeGraph(graph, { crds, featureGates: [...featureGates, ...gates] });
    throwProblems(`definition ${graph.name}`, refusalErrors(errors));
  };
}

function onlyKro(error: unknown): unknown {
  if (!(error instanceof KubewrightError)) throw error;
  const { code, message, problems } = error;
  return new KubewrightError({ code, message: `only in mode direct: ${message}`, problems });
}

async function environmentsOf(
  { file }: Stack,
  env: unknown,
): Promise<{ readonly usable: readonly NamedEnvironment[]; readonly broken: readonly BrokenEnvironment[] }> {
  return env === undefined
    ? await tryEnvironments(file)
    : { usable: [await loadEnvironment(file, env as string)], broken: [] };
}

async function checkStack(stack: Stack, environments: readonly NamedEnvironment[], refuse: Refuse): Promise<Checked[]> {
  const { synthesize } = await import('../gitops/synth.ts');
  return environments.flatMap((environment) =>
    stack.graphs.map((graph) => {
      const entry = {
        place: `${displayPath(stack.file)} ${graph.name} for ${environment.name}`,
        environment: environment.name,
        graph: graph.name,
      };
      try {
        const target = prepareTarget(graph, environment);
        // Direct mode may need values that only the cluster knows, and that is fine.
        if (target.mode === 'kro') {
          refuse(target.graph, target.featureGates);
          synthesize(target.graph, target);
        }
        return entry;
      } catch (error) {
        return { ...entry, error };
      }
    }),
  );
}
