import { isDeepStrictEqual } from 'node:util';
import { instanceOpenApi } from '../../../src/schema/openapi.ts';
import { fromDefinition } from '../../../src/kro/import.ts';
import { readManifests } from '../../../src/kro/read/source.ts';
import { Judge } from '../../../src/kro/validate.ts';
import type { GraphAnswer } from '../../expr/oracle.ts';
import { resourcesOf, type Subject } from './subject.ts';
import { type Fields, isFields, textOf } from './tree.ts';

interface Ours {
  /** What we say: one of these is what kro stops at; none for what is accepted. */
  readonly messages: readonly string[];
  /** The API server's part comes before kro's: kro's builder never sees it. */
  readonly admission: boolean;
  readonly order?: readonly string[];
  readonly schema?: unknown;
}

/** What validate and the import say to a definition. */
export function ourVerdict({ definition, crds }: Subject, gates: readonly string[]): Ours {
  const manifests = readManifests({ content: definition });
  const judge = new Judge(manifests, { crds, featureGates: gates });
  const [manifest] = manifests;
  if (!manifest) throw new Error('no manifest');
  const result = judge.check(manifest);
  if (!('served' in result))
    return {
      messages: result.map(({ message }) => message),
      admission: result.some(({ code }) => code === 'Admission'),
    };
  const { order } = fromDefinition(definition, { crds });
  return { messages: [], admission: false, order, schema: instanceOpenApi(result.spec, result.status) };
}

/** Kinds of the groups that a definition names: others are not looked at. */
export function crdsFor({ definition }: Subject, all: readonly Fields[]): Fields[] {
  const subject = { definition, crds: [] };
  const groups = new Set(
    resourcesOf(subject).flatMap(({ template, externalRef }) =>
      [template, externalRef].filter(isFields).map(({ apiVersion }) => textOf(apiVersion).split('/')[0]),
    ),
  );
  return all.filter(({ spec }) => isFields(spec) && groups.has(textOf(spec['group'])));
}

/** What is not the same; `undefined` when all is. */
export function verdictDifference(ours: Ours, theirs: GraphAnswer): string | undefined {
  // What the API server refuses is tested elsewhere; kro's builder never sees it.
  if (ours.admission) return undefined;
  if (theirs.phase === 'request') return `the oracle failed: ${theirs.err}`;
  // kro survives a panic of its builder and stays with it.
  if (theirs.phase === 'panic') return ours.messages.length > 0 ? undefined : `ours accepted\nkro's ${theirs.err}`;
  const said = theirs.ok ? undefined : `${theirs.phase === 'crd' ? 'failed to create CRD: ' : ''}${theirs.err}`;
  if ((said === undefined) !== (ours.messages.length === 0))
    return `ours ${ours.messages[0] ?? 'accepted'}\nkro's ${said ?? 'accepted'}`;
  if (said !== undefined) {
    if (ours.messages.some((message) => rule(message) === rule(said))) return undefined;
    return `ours ${ours.messages.map(rule).join('\n     ')}\nkro's ${rule(said)}`;
  }
  if (!isDeepStrictEqual(ours.order, theirs.order ?? []))
    return `order: ours ${JSON.stringify(ours.order)} kro's ${JSON.stringify(theirs.order)}`;
  const schema = theirs.crd?.spec.versions[0]?.schema.openAPIV3Schema;
  const [mine, kros] = [plain(ours.schema), plain(schema)];
  if (!isDeepStrictEqual(mine, kros)) return `schema:\nours  ${firstDifference(mine, kros)}`;
  return undefined;
}

/** Where several texts are possible, because Go's maps have no order, what they have in common. */
function rule(message: string): string {
  return (
    inOrder(message.replace(/\s+/g, ' ').trim())
      .replace(/: field "[^"]*" exists in output.*/, ': field exists in output')
      // What a function has against its argument is told by other tests.
      .replace(/(Invalid value: "\w+": )(?:(?!, spec\.).)*? evaluating rule: /g, '$1evaluating rule: ')
      // A name that the API server makes of a random number.
      .replace(/\bselfType\d+/g, 'self')
      // 1e3 is a whole number in JavaScript and none in Go.
      .replace(/"number": in body must be of type (\w+): "number"/, '"integer": in body must be of type $1: "integer"')
      .replace(/cyclic dependency in type \w+: .*/, 'cyclic dependency in type')
      .replace(/graph contains a cycle: .*/, 'graph contains a cycle')
      .replace(/struct field ".*/, 'struct field')
      // What else is seen in a broken text, and which tokens ANTLR would have liked better, is not promised.
      .replace(/parse error: ERROR: .*Syntax error: .*/, 'parse error')
      .replace(/(Syntax error: ).*/, '$1')
      .replace(/(cannot be handled as a CustomResourceDefinition: ).*/, '$1')
  );
}

/** The API server names several problems of a kind in the order of a map. */
function inOrder(message: string): string {
  const [, head, list] = /^(failed to create CRD: .* is invalid: )\[(.*)\]$/.exec(message) ?? [];
  return list === undefined
    ? message
    : `${head}${list
        .split(/, (?=spec\.|metadata\.)/)
        // Of rules that cost the same any four are named.
        .filter(
          (text) =>
            !text.endsWith('contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema'),
        )
        .sort()
        .join(', ')}`;
}

/** Without what is the same whether it is said or not. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isFields(value)) return value;
  const entries = Object.entries(value)
    .filter(([key, field]) => field !== undefined && !(['required', 'properties'].includes(key) && isEmpty(field)))
    .map(([key, field]) => [key, plain(field)]);
  return Object.fromEntries(entries);
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

export function firstDifference(ours: unknown, theirs: unknown, path = ''): string {
  if (isFields(ours) && isFields(theirs)) {
    for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)]))
      if (!isDeepStrictEqual(ours[key], theirs[key])) return firstDifference(ours[key], theirs[key], `${path}.${key}`);
  }
  return `${path}: ours ${JSON.stringify(ours)} kro's ${JSON.stringify(theirs)}`;
}
