import { KubewrightError } from '../errors.ts';
import { didYouMean } from '../schema/nearest-name.ts';
import type { Verb } from './verb.ts';

/**
 * Puts the verb first, wherever it was written (`--env dev synth`), and `fallback` where there is none.
 *
 * @throws KubewrightError `UnknownVerb` that names the nearest verb
 */
export function verbFirst(argv: readonly string[], verbs: readonly Verb[], fallback: string): string[] {
  const names = new Set(['help', ...verbs.flatMap(({ name, alias }) => (alias ? [name, alias] : [name]))]);
  const index = firstOperand(argv, { ...flagNames(verbs), names });
  const operand = index < 0 ? undefined : (argv[index] as string);
  if (operand === undefined) {
    // The help of the whole, not of the verb that is the default.
    if (argv.some((argument) => argument === '--help' || argument === '-h')) return ['help'];
    if (argv.some((argument) => argument === '--version' || argument === '-V')) return ['version'];
    if (fallback === 'help') checkFlags(argv, verbs);
    return [fallback, ...argv];
  }
  if (!names.has(operand)) throw unknownVerb(operand, names);
  const asked = argv[index + 1];
  if (operand === 'help' && asked !== undefined && !asked.startsWith('-') && !names.has(asked))
    throw unknownVerb(asked, names);
  return [operand, ...argv.slice(0, index), ...argv.slice(index + 1)];
}

/** Flags belong to a verb; the one flag that means something without any is that of the output. */
function checkFlags(argv: readonly string[], verbs: readonly Verb[]): void {
  const { flags } = flagNames(verbs);
  const given = argv.filter((argument) => argument.startsWith('-')).map((argument) => argument.replace(/=.*/, ''));
  const unknown = given.find((flag) => !flags.has(flag));
  if (unknown !== undefined)
    throw new KubewrightError({
      code: 'Usage',
      message: `unknown option '${unknown}'`,
      hint: didYouMean(unknown, flags) ?? 'Add --help to see what there is.',
    });
  if (given.some((flag) => flag !== '--output' && flag !== '-o'))
    throw new KubewrightError({
      code: 'Usage',
      message: 'a verb is missing',
      hint: `The verbs are ${verbs.map(({ name }) => name).join(', ')}.`,
    });
}

function unknownVerb(verb: string, names: ReadonlySet<string>): KubewrightError {
  return new KubewrightError({
    code: 'UnknownVerb',
    message: `there is no verb ${JSON.stringify(verb)}`,
    hint: didYouMean(verb, names) ?? `The verbs are ${[...names].join(', ')}.`,
  });
}

interface Known {
  readonly withValue: ReadonlySet<string>;
  readonly flags: ReadonlySet<string>;
  readonly names: ReadonlySet<string>;
}

function firstOperand(argv: readonly string[], { withValue, flags, names }: Known): number {
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] as string;
    if (argument === '--') return -1;
    if (!argument.startsWith('-')) return index;
    // What stands behind a mistyped flag is more likely its value than a mistyped verb.
    const next = argv[index + 1] ?? '';
    const mistyped = !flags.has(argument) && !argument.includes('=') && !names.has(next) && !next.startsWith('-');
    if (withValue.has(argument) || mistyped) index++;
  }
  return -1;
}

function flagNames(verbs: readonly Verb[]): Pick<Known, 'withValue' | 'flags'> {
  const texts = [
    '-h, --help',
    '-V, --version',
    '-e, --env <name>',
    '-o, --output <format>',
    ...verbs.flatMap(({ options = [] }) => options.map((option) => option.flags)),
  ];
  const namesIn = (all: readonly string[]): Set<string> =>
    new Set(all.flatMap((text) => text.match(/--?[a-z-]+/gi) ?? []));
  return { withValue: namesIn(texts.filter((text) => text.includes('<'))), flags: namesIn(texts) };
}
