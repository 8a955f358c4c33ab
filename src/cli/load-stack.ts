import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { refuseOtherCopy } from '../copy.ts';
import { KubewrightError } from '../errors.ts';
import { displayPath } from './display-path.ts';
import { loadModule } from './load-module.ts';
import { knownStacks, type Stack } from './stack.ts';

/**
 * Loads a stack file and takes the graphs that it gives to `run`.
 *
 * @throws KubewrightError `StackMissing`, `NotAStack`, `NoRun`, or what the file throws, with its name
 */
export async function loadStack(path: string): Promise<Stack> {
  const shown = displayPath(resolve(path));
  if (!existsSync(path))
    throw new KubewrightError({
      code: 'StackMissing',
      resource: shown,
      message: 'does not exist',
      hint: 'Name a stack file, such as stacks/app.ts.',
    });
  if (!/\.[cm]?[jt]s$/.test(path))
    throw new KubewrightError({
      code: 'NotAStack',
      resource: shown,
      message: 'is no stack file',
      hint: 'Name a TypeScript or JavaScript file that ends with run(import.meta, graph).',
    });
  const file = realpathSync(path);
  await loadModule(file);
  const graphs = knownStacks().get(file);
  for (const graph of graphs ?? [])
    refuseOtherCopy(
      graph,
      `Run it with its own copy: \`npx tsx ${shown} <verb>\`, or \`npx kubewright\` in its project.`,
    );
  if (graphs) return { file, graphs };
  throw new KubewrightError({
    code: 'NoRun',
    resource: shown,
    message: 'does not call run, so it is not known which graphs are meant',
    hint: 'End it with run(import.meta, graph).',
  });
}
