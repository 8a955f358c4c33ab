import { Command, Option } from 'commander';
import { deployVerb } from './deploy.ts';
import { destroyVerb } from './destroy.ts';
import { graphVerb } from './graph.ts';
import { historyVerb } from './history.ts';
import { importVerb } from './import.ts';
import { initVerb } from './init.ts';
import { displayPath } from './display-path.ts';
import { loadStack } from './load-stack.ts';
import { localVerb } from './local.ts';
import { planVerb } from './plan.ts';
import { rbacVerb } from './rbac.ts';
import { renderVerb } from './render.ts';
import { outputFormats } from './output.ts';
import { rollbackVerb } from './rollback.ts';
import type { Stack } from './stack.ts';
import { statusVerb } from './status.ts';
import { synthVerb } from './synth.ts';
import type { Terminal } from './terminal.ts';
import { validateVerb } from './validate.ts';
import type { Operand, Outcome, Verb } from './verb.ts';

/** Verbs of a stack file, and of the program `kubewright`, which has some more. */
const stackVerbs: readonly Verb[] = [
  deployVerb,
  planVerb,
  synthVerb,
  validateVerb,
  statusVerb,
  historyVerb,
  rollbackVerb,
  destroyVerb,
  graphVerb,
  rbacVerb,
];
const programVerbs: readonly Verb[] = [...stackVerbs, renderVerb, importVerb, initVerb, localVerb];

/** The verbs that there are. */
export function verbsFor(stack: Stack | undefined): readonly Verb[] {
  return stack ? stackVerbs : programVerbs;
}

/** What a command line runs in. */
export interface Surroundings {
  readonly commandLine: readonly string[];
  readonly stack: Stack | undefined;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** A verb that has ended. */
export interface Done {
  readonly verb: string;
  readonly outcome: Outcome;
}

/** Reads and runs a command line that begins with its verb; `undefined` when it asked for help. */
export async function runLine(line: readonly string[], around: Surroundings): Promise<Done | undefined> {
  let done: Done | undefined;
  const { stack } = around;
  const program = configured(new Command(stack ? `npx tsx ${displayPath(stack.file)}` : 'kubewright'));
  program.description(
    stack
      ? `Graphs: ${stack.graphs.map(({ name }) => name).join(', ')}. Without a verb: deploy.`
      : 'Typed functions that become Kubernetes resource graphs.',
  );
  program.enablePositionalOptions().helpCommand('help [verb]', 'shows what a verb does');
  // Read before the verb is looked for.
  program.option('-V, --version', 'shows the version');
  program.addHelpText(
    'after',
    '\nExit codes: 0 done, 1 error, 2 with --detailed-exitcode: plan has changes, status is not healthy; 130 interrupted.',
  );
  for (const verb of verbsFor(stack)) {
    addVerb({ parent: program, verb, around, finish: (name, outcome) => (done = { verb: name, outcome }) });
  }
  await program.parseAsync(line, { from: 'user' });
  return done;
}

interface Adding {
  readonly parent: Command;
  readonly verb: Verb;
  readonly around: Surroundings;
  readonly finish: (verb: string, outcome: Outcome) => void;
}

function addVerb({ parent, verb, around, finish }: Adding): void {
  const command = configured(parent.command(verb.name)).summary(verb.summary).description(verb.summary);
  if (verb.alias) command.alias(verb.alias);
  if (verb.operand !== 'none' && !around.stack) {
    const [name, what] = operandTexts[verb.operand];
    command.argument(name, `${what}, such as ${verb.sample ?? 'stacks/app.ts'}`);
  }
  if (verb.environment !== 'none')
    command.option(
      '-e, --env <name>',
      `environment: environments/<name>.ts${verb.environment === 'optional' ? '; all of them when left out' : ''}`,
    );
  for (const flag of verb.options ?? []) {
    const option = new Option(flag.flags, flag.text);
    if (flag.choices) option.choices(flag.choices);
    if (flag.default !== undefined) option.default(flag.default);
    if (flag.many) option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
    command.addOption(option);
  }
  command.addOption(
    new Option(
      '-o, --output <format>',
      'text for people, one JSON document, or a line of JSON for everything that happens',
    )
      .choices(outputFormats)
      .default('text'),
  );
  command.addHelpText('after', () => examplesText(verb, around.stack));
  if (verb.passThrough) command.argument('[arguments...]').passThroughOptions().allowUnknownOption();
  if (verb.verbs)
    for (const child of verb.verbs)
      addVerb({
        parent: command.enablePositionalOptions(),
        verb: child,
        around,
        finish: (name, outcome) => finish(`${verb.name} ${name}`, outcome),
      });
  else {
    command.action(async () => {
      const [first = []] = command.processedArgs as (string | string[] | undefined)[];
      const operands = typeof first === 'string' ? [first] : first;
      const isFiles = verb.operand === 'files' || verb.operand === 'folder';
      const stacks = around.stack ? [around.stack] : [];
      if (!around.stack && !isFiles && verb.operand !== 'none')
        for (const file of operands) stacks.push(await loadStack(file));
      finish(
        verb.name,
        await verb.run({
          commandLine: around.commandLine,
          stacks,
          files: isFiles ? operands : [],
          flags: command.opts(),
          rest: verb.passThrough ? operands : [],
          terminal: around.terminal,
          signal: around.signal,
        }),
      );
    });
  }
}

const operandTexts: Readonly<Record<Exclude<Operand, 'none'>, readonly [name: string, what: string]>> = {
  stack: ['<stack>', 'stack file'],
  stacks: ['<stacks...>', 'stack file'],
  files: ['<files...>', 'file'],
  folder: ['[folder]', 'folder, the current one when left out'],
};

/** Errors are ours to print. */
function configured(command: Command): Command {
  return command.exitOverride().configureOutput({ outputError: () => undefined, writeErr: () => undefined });
}

function examplesText(verb: Verb, stack: Stack | undefined): string {
  const program = stack ? `npx tsx ${displayPath(stack.file)}` : 'npx kubewright';
  const lines = verb.examples.map((example) => {
    const operand = stack || verb.operand === 'none' ? '' : ` ${verb.sample ?? 'stacks/app.ts'}`;
    const [name = '', ...flags] = example.split(' ');
    return `  ${program} ${name}${operand}${flags.length > 0 ? ` ${flags.join(' ')}` : ''}`;
  });
  return `\nExamples:\n${lines.join('\n')}`;
}
