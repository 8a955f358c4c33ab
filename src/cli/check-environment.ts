import { refuseOtherCopy } from '../copy.ts';
import { KubewrightError, throwProblems } from '../errors.ts';
import { Deferred, joinPath } from '../expr/value.ts';
import { didYouMean } from '../schema/nearest-name.ts';
import type { Environment } from './environment.ts';
import { displayPath } from './display-path.ts';
import { isPlainObject } from './merge.ts';

type Check = (value: unknown) => string | undefined;

const text: Check = (value) =>
  typeof value === 'string' && value !== '' ? undefined : `must be a text (was ${show(value)})`;
const dnsLabel: Check = (value) =>
  typeof value === 'string' && /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value)
    ? undefined
    : `must be a name of lower-case letters, digits and dashes (was ${show(value)})`;
const object: Check = (value) => (isPlainObject(value) ? undefined : `must be an object (was ${show(value)})`);
const listOfTexts: Check = (value) =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')
    ? undefined
    : `must be a list of texts (was ${show(value)})`;
const clusterKinds = ['local', 'context', 'inCluster', 'server'];

/** What each setting has to look like. */
const settings: Readonly<Record<string, Check>> = {
  cluster: (value) =>
    isPlainObject(value) && clusterKinds.includes(String(value['kind']))
      ? undefined
      : `must be local(), context(name) or inCluster() (was ${show(value)})`,
  mode: (value) =>
    value === 'direct' || value === 'kro' ? undefined : `must be "direct" or "kro" (was ${show(value)})`,
  namespace: dnsLabel,
  secrets: (value) =>
    isPolicy(value) || isPlainObject(value)
      ? undefined
      : `must be "plain", "existing" or an object of Secrets (was ${show(value)})`,
  values: object,
  fixed: (value) => (isPlainObject(value) ? undefined : listOfTexts(value)),
  definition: object,
  featureGates: listOfTexts,
  names: object,
  labels: object,
  annotations: object,
};

/** Entries of settings that hold one thing per key. */
const entries: Readonly<Record<string, Check>> = {
  secrets: (value) =>
    isPolicy(value) || (isPlainObject(value) && Object.values(value).every(isDeferred))
      ? undefined
      : 'must be "plain", "existing" or an object of fromEnv() and fromFile()',
  values: object,
  fixed: listOfTexts,
  names: dnsLabel,
  labels: text,
  annotations: (value) => (typeof value === 'string' ? undefined : `must be a text (was ${show(value)})`),
};

function isDeferred(value: unknown): boolean {
  refuseOtherCopy(value);
  return value instanceof Deferred;
}

/**
 * Checks what TypeScript checks too, for who runs an environment without it. Values are checked with their graph.
 *
 * @param file the file, as messages show it
 * @throws KubewrightError `InvalidEnvironment` for each setting that is wrong
 */
export function checkEnvironment(environment: Environment, file: string): void {
  const problems: KubewrightError[] = [];
  for (const { definition, source } of environment.layers) {
    const place = fileOf(source()) ?? file;
    const add = (path: string, message: string, hint?: string): number =>
      problems.push(new KubewrightError({ code: 'InvalidEnvironment', resource: place, path, message, hint }));
    for (const [key, value] of Object.entries(definition as Record<string, unknown>)) {
      if (value === undefined) continue;
      const check = settings[key];
      if (!check) {
        add(
          key,
          'is no setting of an environment',
          didYouMean(key, [...Object.keys(settings), 'extends']) ??
            `The settings are ${Object.keys(settings).join(', ')}.`,
        );
        continue;
      }
      const wrong = check(value);
      if (wrong) add(key, wrong);
      else if (isPlainObject(value)) {
        for (const [name, entry] of Object.entries(value)) {
          const wrongEntry = entries[key]?.(entry);
          if (wrongEntry) add(joinPath(key, name), wrongEntry);
        }
      }
    }
  }
  throwProblems(file, problems);
}

/** The path of a place such as `path:line:column`, as messages show it. */
export function fileOf(place: string | undefined): string | undefined {
  const path = place?.replace(/:\d+:\d+$/, '');
  return path === undefined ? undefined : displayPath(path);
}

function isPolicy(value: unknown): boolean {
  return value === 'plain' || value === 'existing';
}

/** Never a content: it may be a secret. */
function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return 'a list';
  return value === null ? 'null' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
