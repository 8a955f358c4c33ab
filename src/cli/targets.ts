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

/** The targets of an environment, or of all of them when none is named. Every problem of every environment is shown at once. */
export async function loadTargets(stacks: readonly Stack[], env: unknown): Promise<readonly Targets[]> {
  const found: Targets[] = [];
  const problems: KubewrightError[] = [];
  for (const stack of stacks) {
    const environments =
      env === undefined ? await loadEnvironments(stack.file) : [await loadEnvironment(stack.file, env as string)];
    for (const environment of environments) {
      const targets: Target[] = [];
      for (const graph of stack.graphs) {
        try {
          targets.push(prepareTarget(graph, environment));
        } catch (error) {
          if (!(error instanceof KubewrightError)) throw error;
          problems.push(...(error.problems.length > 0 ? error.problems : [error]));
        }
      }
      found.push({ stack, environment, targets });
    }
  }
  throwProblems('environments', problems);
  return found;
}

/** The targets of the one environment that a verb needs. */
export async function loadOneTargets(stack: Stack, env: unknown): Promise<Targets> {
  const environment = await loadEnvironment(stack.file, env as string | undefined);
  return { stack, environment, targets: stack.graphs.map((graph) => prepareTarget(graph, environment)) };
}
