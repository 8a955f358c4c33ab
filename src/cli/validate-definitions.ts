import type { ValidationError, Verdict } from '../kro/validate.ts';
import { readManifestFiles } from './manifest-files.ts';
import type { Call, Outcome } from './verb.ts';

/** What kro says to the definitions in some files; kinds that they make are known in all of them. */
export async function validateDefinitions(
  files: readonly string[],
  { flags, terminal }: Pick<Call, 'flags' | 'terminal'>,
): Promise<Outcome & { files: readonly object[] }> {
  const { validate } = await import('../kro/validate.ts');
  const verdicts = validate(readManifestFiles(files), {
    crds: readManifestFiles((flags['crds'] ?? []) as string[]),
    featureGates: gatesOf((flags['featureGates'] ?? []) as string[]),
  });
  const { green, red, yellow } = terminal.colors;
  const text = verdicts.flatMap((verdict) => {
    const head = verdict.accepted ? `${green('✓')} ${verdict.file}` : `${red('✗')} ${verdict.file}`;
    return [
      head,
      ...verdict.errors.map((error) => line(verdict, error)),
      ...verdict.warnings.map((warning) => yellow(line(verdict, warning))),
    ];
  });
  const documents = verdicts.map(({ warnings, ...verdict }) => ({
    ...verdict,
    ...(warnings.length > 0 && { warnings }),
  }));
  return {
    files: documents,
    document: { files: documents },
    text: text.join('\n'),
    exitCode: verdicts.every(({ accepted }) => accepted) ? 0 : 1,
  };
}

function line({ file }: Verdict, error: ValidationError): string {
  const place = error.line === undefined ? file : `${file}:${error.line}`;
  return `${place} ${error.path}\n${error.message}`.replaceAll(/^/gm, '    ');
}

/** `A,B`, `A=true,B=false`. */
export function gatesOf(texts: readonly string[]): string[] {
  return texts
    .flatMap((text) => text.split(','))
    .flatMap((gate) => {
      const [name = '', value = 'true'] = gate.trim().split('=');
      return name !== '' && value !== 'false' ? [name] : [];
    });
}
