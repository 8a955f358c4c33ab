import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KubewrightError, throwProblems } from '../errors.ts';
import type { EmitterName } from '../kro/emitters.ts';
import type { FolderDifference } from '../gitops/folder.ts';
import { describeSkipped, loadTargets, type Skipped, skippedText, type Targets } from './targets.ts';
import type { Call, Outcome, Verb } from './verb.ts';

/** `synth`: writes the files that GitOps tools deploy. */
export const synthVerb: Verb = {
  name: 'synth',
  summary: 'writes the files for GitOps: dist/<env>/<graph>/…; never touches a cluster',
  examples: ['synth', 'synth --env prod', 'synth --check'],
  operand: 'stack',
  environment: 'optional',
  options: [
    { flags: '--out <dir>', text: 'folder that holds the folders of environments', default: 'dist' },
    {
      flags: '--emit <form>',
      text: 'mode kro: what kro is given; experimental-graph is its coming kind Graph, which no release has',
      choices: ['definition', 'experimental-graph'],
      default: 'definition',
    },
    { flags: '--check', text: 'writes nothing; exit code 1 when files differ, are missing or are stale' },
  ],
  run: runSynth,
};

interface SynthesizedGraph {
  readonly environment: string;
  readonly graph: string;
  readonly folder: string;
  readonly files: number;
  readonly difference: FolderDifference;
  readonly omittedSecrets: readonly string[];
}

async function runSynth({ stacks, flags, terminal }: Call): Promise<Outcome> {
  const [{ synthesize }, { compareFolder, isSame, writeFolder }] = await Promise.all([
    import('../gitops/synth.ts'),
    import('../gitops/folder.ts'),
  ]);
  const check = flags['check'] === true;
  const results: SynthesizedGraph[] = [];
  // All of it is made before the first file is written: an error leaves the folders as they were.
  const { found, skipped } = await loadTargets(stacks, flags['env']);
  refuseAbandoned(skipped, flags['out'] as string);
  const made = found.flatMap(({ environment, targets }: Targets) =>
    targets.map((target) => ({
      environment: environment.name,
      target,
      ...inEnvironment(environment.name, target.name, () =>
        synthesize(target.graph, { ...target, emitter: flags['emit'] as EmitterName }),
      ),
    })),
  );
  for (const { environment, target, files, omittedSecrets } of made) {
    const folder = join(flags['out'] as string, environment, target.name);
    const difference = (check ? compareFolder : writeFolder)(folder, files);
    results.push({ environment, graph: target.name, folder, files: files.size, difference, omittedSecrets });
  }
  const differs = results.some(({ difference }) => !isSame(difference));
  const { green, red, dim } = terminal.colors;
  const text = results.flatMap(({ folder, files, difference, omittedSecrets }) => {
    const { missing, changed, stale } = difference;
    const same = isSame(difference);
    const notes = omittedSecrets.map((name) => dim(`    Secret ${name} is left out: it has to be in the cluster`));
    if (!check) {
      const counts = [
        count(missing.length, 'new'),
        count(changed.length, 'changed'),
        count(stale.length, 'removed'),
      ].filter(Boolean);
      return [
        `${green('✓')} ${folder}  ${files} files${same ? dim(', unchanged') : `: ${counts.join(', ')}`}`,
        ...notes,
      ];
    }
    const list = (paths: readonly string[], word: string): string[] =>
      paths.map((path) => `    ${join(folder, path)} ${word}`);
    return [
      `${same ? green('✓') : red('✗')} ${folder}`,
      ...list(missing, 'is missing'),
      ...list(changed, 'differs'),
      ...list(stale, 'is stale'),
    ];
  });
  text.push(...skipped.map((entry) => dim(`- ${skippedText(entry)}`)));
  if (check && differs)
    text.push('The files are not those that the stack gives. Run synth without --check and commit them.');
  return {
    document: { check, changed: differs, graphs: results, skipped: skipped.map(describeSkipped) },
    text: text.join('\n'),
    exitCode: check && differs ? 1 : 0,
  };
}

/** Files of an environment that lost its values are neither left to be deployed nor taken away: a name may be mistyped. */
function refuseAbandoned(skipped: readonly Skipped[], out: string): void {
  throwProblems(
    'environments',
    skipped.flatMap(({ environment, graph, error: { code, resource, path } }) => {
      const folder = join(out, environment, graph);
      if (!existsSync(folder)) return [];
      const message = `is missing, and ${folder} has files for it: they are stale`;
      return [
        new KubewrightError({ code, resource, path, message, hint: 'Give the values back, or delete the folder.' }),
      ];
    }),
  );
}

/** The graph alone does not tell for which environment it cannot be written. */
function inEnvironment<T>(environment: string, graph: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof KubewrightError)) throw error;
    const { code, message, problems } = error;
    throw new KubewrightError({ code, resource: `${graph} for ${environment}`, message, problems, cause: error });
  }
}

function count(number: number, word: string): string {
  return number > 0 ? `${number} ${word}` : '';
}
