import { KubewrightError, throwProblems } from '../errors.ts';
import { loadEnvironment, loadEnvironments, type NamedEnvironment } from './environments.ts';
import type { Stack } from './stack.ts';
import { prepareTarget, type Target } from './target.ts';

/** The graphs of a stack as one environment wants them. */
export interface Targets {
  readonly stack: Stack;
  readonly environment: NamedEnvironment;
  readonly targets: readonly Target[];
}

/** A graph that an environment has no values for: it may be for other stacks of the project. */
export interface Skipped {
  readonly environment: string;
  readonly graph: string;
  /** What would be wrong if the environment were meant. */
  readonly error: KubewrightError;
}

/**
 * The targets of an environment, or of all of them when none is named; those without values for a graph that others have
 * values for are skipped then. Every problem of every environment is shown at once.
 */
export async function loadTargets(
  stacks: readonly Stack[],
  env: unknown,
): Promise<{ readonly found: readonly Targets[]; readonly skipped: readonly Skipped[] }> {
  const found: Targets[] = [];
  const skipped: Skipped[] = [];
  const problems: KubewrightError[] = [];
  for (const stack of stacks) {
    const environments =
      env === undefined ? await loadEnvironments(stack.file) : [await loadEnvironment(stack.file, env as string)];
    const without: Skipped[] = [];
    for (const environment of environments) {
      const targets: Target[] = [];
      for (const graph of stack.graphs) {
        try {
          targets.push(prepareTarget(graph, environment));
        } catch (error) {
          if (!(error instanceof KubewrightError)) throw error;
          if (env === undefined && hasNoValues(error))
            without.push({ environment: environment.name, graph: graph.name, error });
          else problems.push(...(error.problems.length > 0 ? error.problems : [error]));
        }
      }
      found.push({ stack, environment, targets });
    }
    for (const entry of without) {
      const others = without.filter(({ graph }) => graph === entry.graph);
      if (others.length < environments.length) skipped.push(entry);
      else problems.push(entry.error);
    }
  }
  throwProblems('environments', problems);
  return { found, skipped };
}

/** Whether an environment says nothing about a graph that needs values. */
export function hasNoValues(error: unknown): error is KubewrightError {
  return error instanceof KubewrightError && error.code === 'NoValues';
}

/** One line for a graph that was skipped. */
export function skippedText({ environment, graph, error }: Skipped): string {
  return `${graph} for ${environment} is skipped: ${error.message}`;
}

/** A graph that was skipped, for programs. */
export function describeSkipped({ environment, graph, error }: Skipped): object {
  return { environment, graph, reason: error.message };
}

/** The targets of the one environment that a verb needs. */
export async function loadOneTargets(stack: Stack, env: unknown): Promise<Targets> {
  const environment = await loadEnvironment(stack.file, env as string | undefined);
  return { stack, environment, targets: stack.graphs.map((graph) => prepareTarget(graph, environment)) };
}
