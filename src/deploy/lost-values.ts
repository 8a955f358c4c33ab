import type { KubernetesObject } from '../cluster/cluster.ts';
import { isItem, valueOf } from './field-steps.ts';
import { canonical } from './intent.ts';
import type { FieldStep } from './ownership.ts';

/** A value that was asked for and is not there. */
export interface LostValue {
  readonly steps: readonly FieldStep[];
  /** Absent when it may be what was asked for, in the form that the server has for it. */
  readonly isCertain: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

/** The values of an intent that an object lacks: for objects whose owners of fields say nothing. */
export function* lostValues(intent: KubernetesObject, live: KubernetesObject): Iterable<LostValue> {
  const { apiVersion: _version, kind, metadata, status: _status, ...rest } = intent;
  const { labels, annotations, finalizers } = metadata;
  yield* lost([{ labels, annotations, finalizers }, live.metadata], ['metadata'], true);
  const isVerbatim = kind === 'ConfigMap' || kind === 'Secret';
  for (const [name, value] of Object.entries(rest)) yield* lost([value, live[name]], [name], isVerbatim);
}

type Pair = readonly [wanted: unknown, found: unknown];

function* lost([wanted, found]: Pair, steps: readonly FieldStep[], isVerbatim: boolean): Iterable<LostValue> {
  if (wanted === undefined || wanted === null || canonical(wanted) === canonical(found)) return;
  if (Array.isArray(wanted)) yield* lostItems(wanted, { found, steps, isVerbatim });
  else if (typeof wanted === 'object')
    for (const [name, value] of Object.entries(wanted))
      yield* lost([value, (found as Fields | undefined)?.[name]], [...steps, name], isVerbatim);
  else if (isVerbatim) yield { steps, isCertain: true };
  else if (!isSame(wanted, found)) yield { steps, isCertain: !mayBeSame(wanted, found) };
}

/** Items without a key are compared by their place, and the list is what differs. */
function* lostItems(
  wanted: readonly unknown[],
  {
    found,
    steps,
    isVerbatim,
  }: { readonly found: unknown; readonly steps: readonly FieldStep[]; readonly isVerbatim: boolean },
): Iterable<LostValue> {
  if (wanted.length === 0 && found === undefined) return;
  if (!Array.isArray(found)) return yield { steps, isCertain: true };
  if (wanted.every((item) => typeof item === 'object' && isItem(item, item))) {
    for (const item of wanted) {
      const [step, other] = [{ item }, valueOf(found, [{ item }])];
      if (other === undefined) yield { steps: [...steps, step], isCertain: true };
      else yield* lost([item, other], [...steps, step], isVerbatim);
    }
    return;
  }
  const inner = wanted.flatMap((item, index) => [...lost([item, found[index]], steps, isVerbatim)]);
  const isOther = wanted.length !== found.length;
  if (isOther || inner.length > 0) yield { steps, isCertain: isOther || inner.some(({ isCertain }) => isCertain) };
}

/** Whether the server is known to write one value as the other. */
function isSame(wanted: unknown, found: unknown): boolean {
  if (found === undefined) return wanted === false || wanted === 0 || wanted === '';
  const amount = amountOf(wanted);
  return amount !== undefined && amount === amountOf(found);
}

/** Times, durations and addresses have several forms. */
function mayBeSame(wanted: unknown, found: unknown): boolean {
  if (amountOf(wanted) !== undefined && amountOf(found) !== undefined) return false;
  return [wanted, found].every((value) => typeof value === 'string' && /^[-+.:\d]/.test(value));
}

const suffixes = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];

/** What a quantity amounts to: `1000m` and `1` are the same. */
function amountOf(value: unknown): number | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const [, digits, exponent, suffix = '', binary] =
    /^([-+]?(?:\d+\.?\d*|\.\d+))(?:([eE][-+]?\d+)|([numkKMGTPE])(i?))?$/.exec(String(value)) ?? [];
  if (digits === undefined) return undefined;
  if (exponent) return Number(`${digits}${exponent}`);
  const power = suffixes.indexOf(suffix === 'K' ? 'k' : suffix) - 3;
  const amount = binary ? Number(digits) * 1024 ** power : Number(`${digits}e${3 * power}`);
  return Number(amount.toPrecision(12));
}
