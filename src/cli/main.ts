import { Command, CommanderError, Option } from 'commander';
import { KubewrightError } from '../errors.ts';
import { verbFirst, wantsJson } from './arguments.ts';
import { deployVerb } from './deploy.ts';
import { destroyVerb } from './destroy.ts';
import { describeFailure, failureText } from './failure.ts';
import { graphVerb } from './graph.ts';
import { loadStack } from './load-stack.ts';
import { localVerb } from './local.ts';
import { displayPath } from './load-module.ts';
import { planVerb } from './plan.ts';
import type { Stack } from './stack.ts';
import { statusVerb } from './status.ts';
import { synthVerb } from './synth.ts';
import { openTerminal, type Terminal } from './terminal.ts';
import { validateVerb } from './validate.ts';
import type { Outcome, Verb } from './verb.ts';

const verbs: readonly Verb[] = [
  deployVerb,
  planVerb,
  synthVerb,
  validateVerb,
  statusVerb,
  destroyVerb,
  graphVerb,
  localVerb,
];

/** Exit codes of every verb. */
const exitCodes = { error: 1, interrupted: 130 } as const;

/**
 * Runs one command line and gives its exit code: 0 done, 1 error, 2 there are changes (`plan --detailed-exitcode`), 130
 * interrupted.
 *
 * @param argv the arguments, without the program
 * @param stack the stack file that was started, when it was one
 */
export async function main(argv: readonly string[], stack?: Stack): Promise<number> {
  const json = wantsJson(argv);
  const terminal = await openTerminal({ json });
  const interruption = listenForInterruption(terminal);
  let verb: string | undefined;
  try {
    const line = verbFirst(
      argv,
      stack ? verbs.filter((candidate) => candidate !== localVerb) : verbs,
      stack ? 'deploy' : 'help',
    );
    verb = line[0];
    const done = await runLine(line, { stack, terminal, signal: interruption.signal });
    if (!done) return 0;
    await print(json ? JSON.stringify({ verb: done.verb, ...done.outcome.document }, null, 2) : done.outcome.text);
    return done.outcome.exitCode ?? 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const known = error instanceof CommanderError ? usageError(error) : error;
    const { signal } = interruption;
    if (json) await print(JSON.stringify({ ...(verb && { verb }), error: describeFailure(known) }, null, 2));
    else
      process.stderr.write(
        `${terminal.colors.red(signal.aborted ? 'interrupted:' : 'error:')} ${failureText(known)}\n`,
      );
    return signal.aborted ? exitCodes.interrupted : exitCodes.error;
  } finally {
    interruption.stop();
  }
}

interface Surroundings {
  readonly stack: Stack | undefined;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

interface Done {
  readonly verb: string;
  readonly outcome: Outcome;
}

async function runLine(line: readonly string[], around: Surroundings): Promise<Done | undefined> {
  let done: Done | undefined;
  const { stack } = around;
  const program = configured(new Command(stack ? `npx tsx ${displayPath(stack.file)}` : 'kubewright'));
  program.description(
    stack
      ? `Graphs: ${stack.graphs.map(({ name }) => name).join(', ')}. Without a verb: deploy.`
      : 'Typed functions that become Kubernetes resource graphs.',
  );
  program.enablePositionalOptions().helpCommand('help [verb]', 'shows what a verb does');
  program.addHelpText(
    'after',
    '\nExit codes: 0 done, 1 error, 2 there are changes (plan --detailed-exitcode), 130 interrupted.',
  );
  for (const verb of verbs) {
    if (stack && verb === localVerb) continue;
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
  if (verb.operand !== 'none' && !around.stack)
    command.argument(verb.operand === 'stacks' ? '<stacks...>' : '<stack>', 'stack file, such as stacks/app.ts');
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
    new Option('-o, --output <format>', 'text for people, or one JSON document on stdout')
      .choices(['text', 'json'])
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
      const operands = command.processedArgs as unknown[];
      const stacks =
        verb.operand === 'none'
          ? []
          : around.stack
            ? [around.stack]
            : await loadStacks(operands[0] as string | string[]);
      const rest = verb.passThrough ? ((operands[0] as string[] | undefined) ?? []) : [];
      finish(
        verb.name,
        await verb.run({ stacks, flags: command.opts(), rest, terminal: around.terminal, signal: around.signal }),
      );
    });
  }
}

async function loadStacks(files: string | readonly string[]): Promise<Stack[]> {
  const stacks: Stack[] = [];
  for (const file of typeof files === 'string' ? [files] : files) stacks.push(await loadStack(file));
  return stacks;
}

/** Errors are ours to print. */
function configured(command: Command): Command {
  return command
    .exitOverride()
    .configureOutput({ outputError: () => undefined, writeErr: (text) => void process.stderr.write(text) });
}

function usageError(error: CommanderError): KubewrightError {
  const [text = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const hint = rest
    .join(' ')
    .replace(/^\((.*)\)$/, '$1')
    .trim();
  return new KubewrightError({
    code: 'Usage',
    message: text.replace(/\.$/, ''),
    hint: hint || 'Add --help to see what there is.',
  });
}

function examplesText(verb: Verb, stack: Stack | undefined): string {
  const program = stack ? `npx tsx ${displayPath(stack.file)}` : 'npx kubewright';
  const lines = verb.examples.map((example) => {
    const operand = stack || verb.operand === 'none' ? '' : ' stacks/app.ts';
    const [name = '', ...flags] = example.split(' ');
    return `  ${program} ${name}${operand}${flags.length > 0 ? ` ${flags.join(' ')}` : ''}`;
  });
  return `\nExamples:\n${lines.join('\n')}`;
}

function listenForInterruption(terminal: Terminal): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    process.stderr.write(
      terminal.colors.yellow('\nStopping after the requests that are running; press Ctrl-C again to stop at once.\n'),
    );
    controller.abort(new KubewrightError({ code: 'Interrupted', message: 'stopped before the end' }));
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return { signal: controller.signal, stop: () => void process.off('SIGINT', onSignal).off('SIGTERM', onSignal) };
}

/** Resolves when the text is out: a pipe may be slower than the process's end. */
function print(text: string): Promise<void> {
  if (text === '') return Promise.resolve();
  return new Promise((resolve) => void process.stdout.write(text.endsWith('\n') ? text : `${text}\n`, () => resolve()));
}
