import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { ownPackage } from '../cluster/local/package-root.ts';
import { KubewrightError } from '../errors.ts';
import { displayPath } from './display-path.ts';

/** What the linter says about one file. */
export interface Linted {
  /** References that the program uses as if they were values, where neither tsc nor the graph can see it. */
  readonly problems: readonly KubewrightError[];
  /** Why nothing was looked at. */
  readonly warning?: KubewrightError;
}

/**
 * JavaScript conditions on references in some files: `if (ref.eq(…))`, `!ref`, `ref ?? x`. The rules are those of the
 * package's oxlint.json, run by the linter of the project that the file belongs to.
 */
export async function lintFiles(files: readonly string[]): Promise<ReadonlyMap<string, Linted>> {
  const groups = Map.groupBy(files, (file) => linterFor(file)?.program);
  const results = await Promise.all(
    [...groups].map(async ([program, group]) => {
      const linter = program && linterFor(group[0] as string);
      return linter ? await lintGroup(linter, group) : group.map((file) => [file, notInstalled(file)] as const);
    }),
  );
  return new Map(results.flat());
}

interface Linter {
  readonly program: string;
  /** Where the linter looks for its part that knows types. */
  readonly folder: string;
  readonly preset: string;
}

function linterFor(file: string): Linter | undefined {
  const own = ownPackage();
  const folders = createRequire(resolve(file)).resolve.paths('oxlint') ?? [];
  const has = (name: string): string | undefined =>
    folders.find((folder) => existsSync(join(folder, name, 'package.json')));
  const [oxlint, typed] = [has('oxlint'), has('oxlint-tsgolint')];
  if (!own || !oxlint || !typed) return undefined;
  return {
    program: join(oxlint, 'oxlint', 'bin', 'oxlint'),
    folder: dirname(typed),
    preset: join(own.folder, 'oxlint.json'),
  };
}

function notInstalled(file: string): Linted {
  const warning = new KubewrightError({
    code: 'NoLinter',
    resource: displayPath(file),
    message: 'JavaScript conditions on references were not looked for',
    hint: 'Run `npm install --save-dev oxlint oxlint-tsgolint`.',
  });
  return { problems: [], warning };
}

async function lintGroup(linter: Linter, files: readonly string[]): Promise<(readonly [string, Linted])[]> {
  const report = await runLinter(linter, files);
  return files.map((file) => {
    if (!report.diagnostics) return [file, failed(file, report.text)];
    const own = report.diagnostics.filter(({ filename }) => resolve(linter.folder, filename) === resolve(file));
    return [file, { problems: problemsOf(file, own) }];
  });
}

interface Span {
  /** In bytes. */
  readonly offset: number;
  readonly length: number;
  readonly line: number;
  readonly column: number;
}

interface Diagnostic {
  readonly code?: string;
  readonly message: string;
  readonly help?: string;
  readonly filename: string;
  readonly labels: readonly { readonly span: Span }[];
}

interface Report {
  readonly text: string;
  readonly diagnostics?: readonly Diagnostic[];
}

function runLinter({ program, folder, preset }: Linter, files: readonly string[]): Promise<Report> {
  const flags = ['--type-aware', '--disable-nested-config', '--no-ignore', '--format=json', `--config=${preset}`];
  const options = { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 2 ** 20 } as const;
  return new Promise((done) => {
    execFile(
      process.execPath,
      [program, ...flags, ...files.map((file) => resolve(file))],
      options,
      (_, stdout, stderr) => {
        try {
          done({ text: stdout, ...(JSON.parse(stdout) as { diagnostics: Diagnostic[] }) });
        } catch {
          done({ text: stderr.trim() || stdout.trim() });
        }
      },
    );
  });
}

function failed(file: string, text: string): Linted {
  const warning = new KubewrightError({
    code: 'LinterFailed',
    resource: displayPath(file),
    message: `oxlint cannot look for JavaScript conditions on references: ${text}`,
    hint: 'Update oxlint and oxlint-tsgolint.',
  });
  return { problems: [], warning };
}

/** Both rules often speak about the same text. */
function problemsOf(file: string, diagnostics: readonly Diagnostic[]): KubewrightError[] {
  const source = readFileSync(file);
  const seen = new Set<number>();
  return diagnostics
    .filter(isAboutReference)
    .toSorted((a, b) => spanOf(a).offset - spanOf(b).offset)
    .flatMap((diagnostic) => {
      const { offset, length, line, column } = spanOf(diagnostic);
      const end = offset + length;
      if (seen.has(end)) return [];
      seen.add(end);
      const text = source.subarray(offset, end).toString().replaceAll(/\s+/g, ' ');
      return [
        new KubewrightError({
          code: 'ReferenceAsCondition',
          resource: `${displayPath(file)}:${line}:${column}`,
          path: text.length > 80 ? `${text.slice(0, 79)}…` : text,
          message: 'a reference has no value while the stack is built, so JavaScript decides the same for all values',
          hint: 'Use choose, orElse or includeWhen.',
        }),
      ];
    });
}

/** Conditions that are constant for other reasons are the project's own business. */
function isAboutReference({ code = '', help = '' }: Diagnostic): boolean {
  return (
    code.includes('strict-boolean-expressions') || (code.includes('no-unnecessary-condition') && /Expr\b/.test(help))
  );
}

function spanOf({ labels }: Diagnostic): Span {
  return labels[0]?.span ?? { offset: 0, length: 0, line: 1, column: 1 };
}
