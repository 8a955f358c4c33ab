import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { knownStacks } from './cli/stack.ts';
import { refuseOtherCopy } from './copy.ts';
import { entryPoint } from './entry-point.ts';
import { KubewrightError } from './errors.ts';
import type { Graph } from './graph/graph.ts';

/** A module that is loaded once more, as test runners do, has another `import.meta`. */
const called = new WeakSet<object>();

/**
 * Makes a stack file executable: when the file is the program that was started, its command line decides what happens to
 * the graphs (`--help` says what there is). When the file is imported, nothing happens. Not to be awaited: the command
 * starts after the file is evaluated, so that environments may import it.
 *
 * @param meta `import.meta` of the stack file
 * @throws KubewrightError `InvalidRun` when it is not given `import.meta` and graphs
 * @example
 * run(import.meta, app);
 */
export function run(meta: { readonly url: string }, graphs: Graph | readonly Graph[]): void {
  const list = checkArguments(meta, graphs);
  const file = realpathSync(fileURLToPath(meta.url));
  if (called.has(meta)) {
    throw new KubewrightError({
      code: 'InvalidRun',
      resource: file,
      message: 'calls run twice',
      hint: 'Give all graphs to one call: run(import.meta, [a, b]).',
    });
  }
  called.add(meta);
  knownStacks().set(file, list);
  if (file !== entryPoint()) return;
  setImmediate(() => void start({ file, graphs: list }));
}

async function start(stack: { file: string; graphs: readonly Graph[] }): Promise<void> {
  // What the command line loads is compiled once per machine (Node >= 22.8).
  process.getBuiltinModule('node:module').enableCompileCache?.();
  const { main } = await import('./cli/main.ts');
  process.exitCode = await main(process.argv.slice(2), stack);
}

function checkArguments(meta: { readonly url: string }, graphs: Graph | readonly Graph[]): readonly Graph[] {
  const list = Array.isArray(graphs) ? (graphs as readonly Graph[]) : [graphs as Graph];
  const valid = typeof meta?.url === 'string' && list.length > 0 && list.every((graph) => Array.isArray(graph?.nodes));
  if (!valid)
    throw new KubewrightError({
      code: 'InvalidRun',
      message: 'run was not given import.meta and graphs',
      hint: 'Write run(import.meta, graph) or run(import.meta, [a, b]).',
    });
  for (const graph of list) refuseOtherCopy(graph);
  const names = list.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return list;
  throw new KubewrightError({
    code: 'InvalidRun',
    resource: `graph ${twice}`,
    message: 'is given to run twice',
    hint: 'Give each graph once, and each its own name.',
  });
}
