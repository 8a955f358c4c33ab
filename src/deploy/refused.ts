import { isApiError, type ApiError } from '../cluster/api-error.ts';
import { KubewrightError, throwProblems } from '../errors.ts';
import { didYouMean } from '../schema/nearest-name.ts';
import type { Desired } from './desired.ts';
import { describe, groupOf } from './identity.ts';
import { namespaceMissing } from './missing-namespaces.ts';
import { fields, type Fields } from './readiness/verdict.ts';
import { kindOf, type Run } from './run.ts';

/** Gives what the server says about an object its place in the graph, and fields that it does not know their nearest name. */
export async function explainRefusal(run: Run, desired: Desired, error: unknown): Promise<Error> {
  if (isApiError(error, 'NotFound') && error.details.kind === 'namespaces' && error.details.name === desired.namespace)
    return namespaceMissing(desired, error);
  if (!isApiError(error, 'Invalid', 'Forbidden')) return error as Error;
  const unknown = unknownFields(error);
  if (unknown.length > 0) return unknownFieldError(run, desired, { paths: unknown, cause: error });
  const source = desired.node.source();
  return new KubewrightError({
    code: error.code,
    resource: desired.label,
    path: error.details.causes[0]?.field?.replace(/^\[\]$/, ''),
    message: `${describe(desired)} is refused: ${error.message.replace(/^[\s\S]*? was refused: /, '')}${source ? ` (${source})` : ''}`,
    cause: error,
  });
}

/** As applying and as strict decoding say it. */
function unknownFields({ message }: ApiError): readonly string[] {
  const found = message.matchAll(/\.(\S+): field not declared in schema|unknown field "([^"]*)"/g);
  return [...new Set([...found].map(([, applied, decoded]) => applied ?? decoded ?? ''))];
}

async function unknownFieldError(
  run: Run,
  desired: Desired,
  { paths, cause }: { readonly paths: readonly string[]; readonly cause: ApiError },
): Promise<Error> {
  const schema = await schemaOf(run, desired).catch(() => ({}));
  const source = desired.node.source();
  const problems = paths.map((path) => {
    const steps = path.replaceAll(/\[[^\]]*\]/g, '.*').split('.');
    const name = steps.at(-1) ?? '';
    return new KubewrightError({
      code: 'UnknownField',
      resource: desired.label,
      path,
      message: `the server knows no such field of ${describe(desired)}${source ? ` (${source})` : ''}`,
      hint: didYouMean(name, namesAt(schema, steps.slice(0, -1))) ?? 'Remove it, or update the definition of the kind.',
      cause,
    });
  });
  try {
    throwProblems(desired.label, problems);
  } catch (error) {
    return error as Error;
  }
  return cause;
}

/** The schema of a custom resource; the fields of built-in kinds were checked when the graph was made. */
async function schemaOf(run: Run, { apiVersion, kind }: Desired): Promise<Fields> {
  const served = await kindOf(run, { apiVersion, kind });
  if (!served) return {};
  const definition = await run.cluster.get({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    name: `${served.plural}.${groupOf(apiVersion)}`,
  });
  const versions = (fields(definition?.['spec'])['versions'] ?? []) as readonly Fields[];
  const version = versions.find(({ name }) => apiVersion.endsWith(`/${String(name)}`));
  return fields(fields(version?.['schema'])['openAPIV3Schema']);
}

function namesAt(schema: Fields, steps: readonly string[]): readonly string[] {
  let current = schema;
  for (const step of steps) {
    current =
      step === '*' || step === ''
        ? fields(current['items'])
        : fields(fields(current['properties'])[step] ?? current['additionalProperties']);
  }
  return Object.keys(fields(current['properties']));
}
