import { isDeepStrictEqual } from 'node:util';
import { KubewrightError } from '../../../src/errors.ts';
import { render, type Rendering } from '../../../src/testing/render.ts';
import type { ResolveAnswer } from '../../expr/oracle.ts';
import { reasonDifference } from './reasons.ts';
import type { Subject } from './subject.ts';
import { type Fields, textOf } from './tree.ts';
import { firstDifference } from './verdicts.ts';

/** What we make of an instance; a text for values that the API server would not take. */
export function ourRendering(
  { definition, crds }: Subject,
  instance: Fields,
  observed: readonly Fields[],
): Rendering | string {
  try {
    return render([definition], instance, { observed, crds });
  } catch (error) {
    if (error instanceof KubewrightError) return error.message;
    throw error;
  }
}

/** What is not the same; `undefined` when all is. */
export function renderingDifference(ours: Rendering | string, theirs: ResolveAnswer): string | undefined {
  if (theirs.phase === 'request' || theirs.phase === 'panic') return `the oracle failed: ${theirs.err}`;
  if ((theirs.phase === 'instance') !== (typeof ours === 'string'))
    return `ours ${typeof ours === 'string' ? ours : 'accepted'}\nkro's ${theirs.err ?? 'accepted'}`;
  if (typeof ours === 'string') return undefined;
  const conditions = conditionsDifference(ours, theirs);
  if (conditions || theirs.conditionsErr !== undefined) return conditions;
  const fails =
    theirs.phase === 'resolve' ||
    theirs.phase === 'status' ||
    theirs.state === 'ERROR' ||
    // What the API server refuses of a status, such as a list with a hole, is not written.
    theirs.statusErr !== undefined;
  if (fails !== (ours.error !== undefined))
    return `ours ${ours.error?.message ?? ours.state}\nkro's ${theirs.node ?? ''} ${theirs.err ?? theirs.state} ${JSON.stringify(theirs.nodes)}`;
  if (fails) return undefined;
  const nodes = Object.entries(theirs.nodes ?? {});
  const withState = (...states: readonly string[]): string[] =>
    nodes.filter(([, { state }]) => states.includes(state)).map(([id]) => id);
  const mine = {
    state: ours.state,
    skipped: [...ours.skipped].sort(),
    unready: ours.pending.map(({ id }) => id).sort(),
    objects: byName(ours.objects as unknown as Fields[]),
    status: ours.status,
  };
  const kros = {
    state: theirs.state,
    skipped: withState('skipped').sort(),
    unready: withState('pending', 'waiting').sort(),
    objects: byName(nodes.flatMap(([, { objects = [] }]) => objects as Fields[])),
    status: theirs.status ?? {},
  };
  const [left, right] = [plain(mine), plain(kros)];
  if (!isDeepStrictEqual(left, right)) return firstDifference(left, right);
  return reasonDifference(ours.pending, theirs.nodes ?? {});
}

/** The author's conditions. What kro itself says of what is not ready has other words. */
function conditionsDifference(
  ours: Rendering,
  { conditions = [], conditionsErr, status, statusErr, ok }: ResolveAnswer,
): string | undefined {
  if (!ok || statusErr !== undefined) return undefined;
  const comparable = (all: readonly object[]): readonly object[] =>
    all
      .map((each) => ({ reason: '', message: '', ...each }))
      .map(({ message, ...rest }) => ({ ...rest, message: message.replace(/awaiting resource readiness: .*/s, '') }));
  const mine = comparable((ours.status['conditions'] ?? []) as readonly object[]);
  if (conditionsErr !== undefined && ours.error === undefined) return `ours accepted\nkro's ${conditionsErr}`;
  const kros = comparable(conditions);
  return isDeepStrictEqual(mine, kros)
    ? undefined
    : `conditions: ${firstDifference(mine, kros)} ${JSON.stringify(status)}`;
}

function byName(objects: readonly Fields[]): Fields {
  const names = new Map<string, Fields>();
  for (const object of objects) {
    const { name, namespace } = object['metadata'] as Fields;
    names.set(`${textOf(object['apiVersion'])} ${textOf(object['kind'])} ${textOf(namespace)}/${textOf(name)}`, object);
  }
  return Object.fromEntries(names);
}

/** As JSON; conditions and state are kro's own or compared elsewhere. */
function plain({ status, ...rest }: { status: Readonly<Record<string, unknown>>; [field: string]: unknown }): unknown {
  const { conditions: _, state: __, ...own } = status;
  return JSON.parse(JSON.stringify({ ...rest, status: own }));
}
