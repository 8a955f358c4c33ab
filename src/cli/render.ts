import { KubewrightError } from '../errors.ts';
import { describeFailure, failureText } from './failure.ts';
import { readManifestFiles } from './manifest-files.ts';
import type { Call, Outcome, Verb } from './verb.ts';

/** `render`: what kro would make of an instance, without a cluster. */
export const renderVerb: Verb = {
  name: 'render',
  summary: 'shows what kro would create from a definition and an instance, given the objects that exist',
  examples: ['render --instance app.yaml', 'render --instance app.yaml --observed objects.yaml --output json'],
  operand: 'files',
  sample: 'rgd.yaml',
  environment: 'none',
  options: [
    { flags: '--instance <file>', text: 'the instance' },
    { flags: '--observed <file>', text: 'objects that exist, with their status; none when left out', many: true },
    {
      flags: '--crds <path>',
      text: 'file or folder with CustomResourceDefinitions that the definition uses',
      many: true,
    },
  ],
  run: runRender,
};

async function runRender({ files, flags }: Call): Promise<Outcome> {
  const [{ render }, { toYamlDocuments }] = await Promise.all([
    import('../testing/render.ts'),
    import('../gitops/yaml.ts'),
  ]);
  const path = flags['instance'] as string | undefined;
  if (path === undefined)
    throw new KubewrightError({
      code: 'Usage',
      message: '--instance is missing',
      hint: 'Name the file of the instance.',
    });
  const [instance] = readManifestFiles([path]);
  const given = (name: string): ReturnType<typeof readManifestFiles> =>
    readManifestFiles((flags[name] ?? []) as string[]);
  const { error, ...rendering } = render(readManifestFiles(files), instance as { file: string; content: string }, {
    observed: given('observed'),
    crds: given('crds'),
  });
  const { objects, status, pending, skipped } = rendering;
  const notes = [
    ...Object.entries({ status }).map(([name, value]) => `# ${name}: ${JSON.stringify(value)}`),
    ...pending.map(({ id, reason }) => `# pending ${id}: ${reason}`),
    ...skipped.map((id) => `# skipped ${id}`),
    ...(error ? [failureText(error).replaceAll(/^/gm, '# error: ')] : []),
  ];
  return {
    document: { ...rendering, ...(error && { error: describeFailure(error) }) },
    text: [...(objects.length > 0 ? [toYamlDocuments(objects).trimEnd()] : []), ...notes].join('\n'),
    exitCode: error ? 1 : 0,
  };
}
