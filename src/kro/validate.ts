import { KubewrightError, throwProblems } from '../errors.ts';
import { defaultGroup } from './api.ts';
import { crdProblems } from './check/crds.ts';
import { type CheckedDefinition, checkDefinition, type Rules } from './check/definition.ts';
import { fieldText } from './check/path-text.ts';
import { Kinds } from './check/kinds.ts';
import { KroRefusal, Refused } from './check/refusal.ts';
import { isCrd, isDefinition, type Manifest, readManifests, type Source } from './read/source.ts';

export interface ValidateOptions {
  /** CustomResourceDefinitions that the cluster has: YAML or JSON texts, or objects. @default [] */
  readonly crds?: readonly (string | object | Source)[];
  /** Definitions whose kinds are known too, without a verdict of their own. @default [] */
  readonly definitions?: readonly (string | object | Source)[];
  /** kro's feature gates that are switched on, such as `CELOmitFunction`. @default [] */
  readonly featureGates?: readonly string[];
  /** kro's `--rgd-max-collection-dimension-size`. @default 10 */
  readonly maximumDimensions?: number;
}

/** One thing that kro refuses. */
export interface ValidationError {
  readonly code: string;
  /** kro's own words, or the API server's. */
  readonly message: string;
  /** Path in the definition, such as `spec.resources[2].template.spec.replicas`. */
  readonly path: string;
  readonly line?: number;
}

export interface Verdict {
  readonly file: string;
  readonly accepted: boolean;
  /** Of the step at which kro stops; kro itself reports the first of them that it meets. */
  readonly errors: readonly ValidationError[];
  /** What is accepted and probably not meant. */
  readonly warnings: readonly ValidationError[];
}

/**
 * What kro 0.9.4 says to definitions, without a cluster: the API server's checks, then those of kro's build in its order
 * and words. Kinds that other definitions of the same call make are known; a kind that nobody defines is an error.
 *
 * @throws KubewrightError `InvalidCrd` for a malformed CustomResourceDefinition among the options
 * @example
 * const [verdict] = validate([{ file: 'rgd.yaml', content: readFileSync('rgd.yaml', 'utf8') }], { crds: [crdText] });
 * for (const { line, message } of verdict.errors) console.error(`rgd.yaml:${line} ${message}`);
 */
export function validate(files: readonly (string | object | Source)[], options: ValidateOptions = {}): Verdict[] {
  const sources = files.map(toSource);
  const read = sources.map((source, index) =>
    attempt(source.file ?? `input ${index + 1}`, () =>
      readManifests({ ...source, file: source.file ?? `input ${index + 1}` }),
    ),
  );
  const judge = new Judge(
    [
      ...read.flatMap(({ manifests }) => manifests),
      ...(options.definitions ?? []).flatMap((source) => readManifests(toSource(source))),
    ],
    options,
  );
  return read.map(({ file, manifests, errors }) => verdictOf(file, { manifests, errors, judge }));
}

/** `content` may be given bare. */
export function toSource(source: string | object | Source): Source {
  return typeof source === 'object' && 'content' in source && !('kind' in source) ? source : { content: source };
}

function attempt(
  file: string,
  read: () => Manifest[],
): { file: string; manifests: Manifest[]; errors: ValidationError[] } {
  try {
    return { file, manifests: read(), errors: [] };
  } catch (error) {
    if (!(error instanceof KubewrightError)) throw error;
    const line = Number(/:(\d+)$/.exec(error.resource ?? '')?.[1]);
    return {
      file,
      manifests: [],
      errors: [{ code: error.code, message: error.message, path: '', ...(line > 0 && { line }) }],
    };
  }
}

function verdictOf(
  file: string,
  {
    manifests,
    errors: unread,
    judge,
  }: { manifests: readonly Manifest[]; errors: readonly ValidationError[]; judge: Judge },
): Verdict {
  const definitions = manifests.filter(isDefinition);
  const malformed = manifests
    .filter(isCrd)
    .flatMap((crd) =>
      crdProblems(crd).map(({ message, path }) =>
        errorAt(crd, { code: 'InvalidCrd', message: `${fieldText(path)}: ${message}`, path }),
      ),
    );
  const none = unread.length === 0 && definitions.length === 0 && !manifests.some(isCrd);
  const missing: ValidationError = {
    code: 'NoDefinition',
    message: 'there is no ResourceGraphDefinition in this file',
    path: '',
  };
  const errors = [
    ...unread,
    ...malformed,
    ...(none ? [missing] : []),
    ...definitions.flatMap((definition) => judge.errors(definition)),
  ];
  const warnings = new Map(
    definitions.flatMap(({ repeated }) =>
      repeated.map(({ key, line }) => [
        `${key} ${line}`,
        {
          code: 'RepeatedKey',
          message: `the key "${key}" is already set in this map; the last one counts`,
          path: key,
          line,
        },
      ]),
    ),
  );
  return { file, accepted: errors.length === 0, errors, warnings: [...warnings.values()] };
}

function errorAt(
  { lineOf }: Manifest,
  { code, message, path }: Pick<KroRefusal, 'code' | 'message' | 'path'>,
): ValidationError {
  const line = lineOf(path);
  return { code, message, path: fieldText(path), ...(line !== undefined && { line }) };
}

/** Kinds that a malformed file should have given would look like kinds that nobody defines. */
function refuseMalformed(crds: readonly Manifest[]): void {
  const problems = crds.filter(isCrd).flatMap((crd) => {
    return crdProblems(crd).map(({ message, path }) => {
      const { line, path: field } = errorAt(crd, { code: 'InvalidCrd', message, path });
      return new KubewrightError({
        code: 'InvalidCrd',
        resource: `${crd.file}${line === undefined ? '' : `:${line}`}`,
        path: field,
        message,
      });
    });
  });
  throwProblems('CustomResourceDefinitions', problems);
}

interface JudgeOptions extends ValidateOptions {
  /** Takes kinds that nobody defines as they are. @default false */
  readonly anyKind?: boolean;
}

/** Judges definitions that use each other's kinds: each is checked once, those that it uses before it. */
export class Judge {
  readonly #kinds: Kinds;
  readonly #rules: Omit<Rules, 'kinds'>;
  readonly #byKind = new Map<string, Manifest>();
  readonly #results = new Map<Manifest, CheckedDefinition | readonly KroRefusal[]>();

  constructor(
    manifests: readonly Manifest[],
    { crds = [], featureGates = [], maximumDimensions = 10, anyKind = false }: JudgeOptions,
  ) {
    const given = crds.flatMap((source) => readManifests(toSource(source)));
    refuseMalformed(given);
    this.#kinds = new Kinds([...given, ...manifests].filter(isCrd), anyKind);
    this.#rules = { featureGates: new Set(featureGates), maximumDimensions };
    for (const manifest of manifests.filter(isDefinition)) {
      const key = servedKey(manifest);
      if (!this.#byKind.has(key)) this.#byKind.set(key, manifest);
    }
  }

  get kinds(): Kinds {
    return this.#kinds;
  }

  errors(manifest: Manifest): ValidationError[] {
    const result = this.check(manifest);
    if ('served' in result) return [];
    return result.map((refusal) => errorAt(manifest, refusal));
  }

  check(manifest: Manifest): CheckedDefinition | readonly KroRefusal[] {
    const known = this.#results.get(manifest);
    if (known) return known;
    this.#results.set(manifest, []);
    for (const used of usedKinds(manifest)) {
      const definition = this.#byKind.get(used);
      if (definition && !this.#results.has(definition)) this.check(definition);
    }
    const result = this.#checkAlone(manifest);
    if ('served' in result && this.#byKind.get(servedKey(manifest)) === manifest) this.#kinds.add(result.served);
    this.#results.set(manifest, result);
    return result;
  }

  #checkAlone(manifest: Manifest): CheckedDefinition | readonly KroRefusal[] {
    try {
      return checkDefinition(manifest, { ...this.#rules, kinds: this.#kinds });
    } catch (error) {
      if (error instanceof Refused) return error.refusals;
      throw error;
    }
  }
}

function servedKey({ object }: Manifest): string {
  const schema = at(at(object, 'spec'), 'schema') as Record<string, unknown> | undefined;
  const { group = defaultGroup, apiVersion, kind } = schema ?? {};
  return `${String(group)}/${String(apiVersion)} ${String(kind)}`;
}

function* usedKinds({ object }: Manifest): Iterable<string> {
  const resources = at(at(object, 'spec'), 'resources');
  for (const resource of Array.isArray(resources) ? (resources as unknown[]) : []) {
    const body = (at(resource, 'template') ?? at(resource, 'externalRef')) as Record<string, unknown> | undefined;
    if (body) yield `${String(at(body, 'apiVersion'))} ${String(at(body, 'kind'))}`;
  }
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
