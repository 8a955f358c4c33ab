import { readFileSync } from 'node:fs';
import { KubewrightError } from '../errors.ts';
import { Deferred } from '../expr/value.ts';
import { secretPaths } from '../kro/secrets.ts';
import type { Graph } from '../graph/graph.ts';
import type { SecretSource, SecretsPolicy } from './options.ts';

/** Where the values of the Secret at a path come from. */
export function secretSource(policy: SecretsPolicy, path: string): SecretSource {
  if (typeof policy === 'string') return policy;
  return Object.hasOwn(policy, path) ? (policy[path] as SecretSource) : 'plain';
}

/** Checks that a policy names only Secrets of the graph. */
export function checkPolicy(graph: Graph, policy: SecretsPolicy): void {
  if (typeof policy === 'string') return;
  const known = secretPaths(graph);
  for (const path of Object.keys(policy)) {
    if (known.includes(path)) continue;
    throw new KubewrightError({
      code: 'UnknownSecret',
      resource: 'secrets',
      path,
      message: `${graph.name} has no Secret of this id with values of its own`,
      hint: known.length > 0 ? `There are: ${known.join(', ')}.` : 'It has none.',
    });
  }
}

/** Paths of the Secrets whose values belong to somebody else: they are read, and have to be there. */
export function existingSecrets(graph: Graph, policy: SecretsPolicy): ReadonlySet<string> {
  if (policy === 'plain') return new Set();
  return new Set(secretPaths(graph).filter((path) => secretSource(policy, path) === 'existing'));
}

/** How the content of a Secret is read. */
export interface SecretReading {
  readonly source: SecretSource;
  readonly label: string;
  /** Takes the reasons of values that cannot be read, which are then left out; without it that is an error. */
  readonly missing?: string[];
}

/** The content of a Secret as the server stores it: all keys in `data`, in base64, deferred values read now. */
export function secretContent(
  body: Readonly<Record<string, unknown>>,
  { source, label, missing }: SecretReading,
): Record<string, unknown> {
  const { data, stringData, ...rest } = body;
  const merged: Record<string, string> = {};
  const put = (key: string, field: string, value: unknown, encode: (value: string) => string): void => {
    try {
      merged[key] =
        value instanceof Deferred
          ? readDeferred(value, `${label} ${field}.${key}`).toString('base64')
          : encode(String(value));
    } catch (error) {
      if (!missing || (error as KubewrightError).code !== 'MissingSecretValue') throw error;
      delete merged[key];
      missing.push((error as KubewrightError).message);
    }
  };
  for (const [key, value] of Object.entries((data ?? {}) as Fields)) put(key, 'data', value, (text) => text);
  const texts = { ...((stringData ?? {}) as Fields), ...(typeof source === 'object' ? source : {}) };
  for (const [key, value] of Object.entries(texts))
    put(key, 'stringData', value, (text) => Buffer.from(text).toString('base64'));
  return { ...rest, data: merged };
}

type Fields = Readonly<Record<string, unknown>>;

/** Never shows the value, only where it was looked for. */
function readDeferred({ source }: Deferred, place: string): Buffer {
  const [resource = '', path] = place.split(' ');
  if ('env' in source) {
    const value = process.env[source.env];
    if (value !== undefined) return Buffer.from(value);
    throw new KubewrightError({
      code: 'MissingSecretValue',
      resource,
      path,
      message: `environment variable ${source.env} is not set`,
      hint: 'Set it, or name another source.',
    });
  }
  try {
    return readFileSync(source.file);
  } catch (error) {
    throw new KubewrightError({
      code: 'MissingSecretValue',
      resource,
      path,
      message: `file ${source.file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`,
      hint: 'Create it, or name another source.',
    });
  }
}
