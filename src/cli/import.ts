import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KubewrightError } from '../errors.ts';
import { readManifestFiles } from './manifest-files.ts';
import type { Call, Outcome, Verb } from './verb.ts';

/** `import`: a typed stack file for each definition. */
export const importVerb: Verb = {
  name: 'import',
  summary: 'writes a typed stack file for each ResourceGraphDefinition',
  examples: ['import', 'import --out stacks --crds crds/'],
  operand: 'files',
  sample: 'rgd.yaml',
  environment: 'none',
  options: [
    { flags: '--out <dir>', text: 'folder to write to; one stack alone goes to standard output when left out' },
    {
      flags: '--crds <path>',
      text: 'file or folder with CustomResourceDefinitions that the definitions use',
      many: true,
    },
    { flags: '--force', text: 'overwrites files that are there' },
  ],
  run: runImport,
};

async function runImport({ files, flags, terminal }: Call): Promise<Outcome> {
  const { importStacks } = await import('../kro/stack/import-stacks.ts');
  const stacks = importStacks(readManifestFiles(files), { crds: readManifestFiles((flags['crds'] ?? []) as string[]) });
  if (stacks.length === 0)
    throw new KubewrightError({ code: 'NoDefinition', message: 'there is no ResourceGraphDefinition in these files' });
  const folder = flags['out'] as string | undefined;
  if (folder === undefined) {
    if (stacks.length > 1)
      throw new KubewrightError({
        code: 'Usage',
        message: `there are ${stacks.length} definitions`,
        hint: 'Say where to write their stacks: --out stacks',
      });
    return { document: { stacks }, text: (stacks[0] as { text: string }).text };
  }
  const written = stacks.map(({ name, text }) => ({ name, text, path: join(folder, `${name}.ts`) }));
  const taken = written.find(({ path }) => existsSync(path));
  if (taken && flags['force'] !== true)
    throw new KubewrightError({
      code: 'FileExists',
      resource: taken.path,
      message: 'is already there',
      hint: 'Add --force to overwrite it, or name another folder.',
    });
  mkdirSync(folder, { recursive: true });
  for (const { path, text } of written) writeFileSync(path, text);
  const { green } = terminal.colors;
  return {
    document: { stacks: written.map(({ name, path }) => ({ name, path })) },
    text: written.map(({ path }) => `${green('✓')} ${path}`).join('\n'),
  };
}
