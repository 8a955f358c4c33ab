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
  const { green, red, yellow, dim } = terminal.colors;
  const shown = verdicts.map((verdict) => ({ verdict, skipped: isBeside(verdict, verdicts, files) }));
  const text = shown.flatMap(({ verdict, skipped }) => {
    if (skipped) return [dim(`- ${verdict.file}: ${verdict.errors[0]?.message}`)];
    return [
      verdict.accepted ? `${green('✓')} ${verdict.file}` : `${red('✗')} ${verdict.file}`,
      ...verdict.errors.map((error) => line(verdict, error)),
      ...verdict.warnings.map((warning) => yellow(line(verdict, warning))),
    ];
  });
  const documents = shown.map(({ verdict: { warnings, ...verdict }, skipped }) =>
    skipped
      ? { file: verdict.file, accepted: true, errors: [], skipped: [{ reason: verdict.errors[0]?.message }] }
      : { ...verdict, ...(warnings.length > 0 && { warnings }) },
  );
  return {
    files: documents,
    document: { files: documents },
    text: text.join('\n'),
    exitCode: documents.every(({ accepted }) => accepted) ? 0 : 1,
  };
}

/** Whether a file lies in a folder beside definitions and holds none, such as an instance or a `kustomization.yaml`. */
function isBeside({ file, errors }: Verdict, all: readonly Verdict[], named: readonly string[]): boolean {
  const holdsNone = (found: readonly ValidationError[]): boolean => found[0]?.code === 'NoDefinition';
  return holdsNone(errors) && !named.includes(file) && all.some((other) => !holdsNone(other.errors));
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
