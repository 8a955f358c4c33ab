import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { KubewrightError } from './errors.ts';
import { captureSource } from './source-line.ts';

/** One loaded copy of this library. */
interface Copy {
  /** Where its code is. */
  readonly url: string;
}

/** Where values that other copies cannot read say which copy made them; the same key in all copies, of all versions. */
export const madeBy: unique symbol = Symbol.for('kubewright.madeBy') as never;

export const thisCopy: Copy = Object.freeze({ url: import.meta.url });

/**
 * Refuses what another copy of this library made: its expressions would be taken for plain data.
 *
 * @param hint what to do, where there is more to say than for any program
 * @throws KubewrightError `OtherCopy` that names both copies
 */
export function refuseOtherCopy(value: unknown, hint?: string): void {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return;
  const copy = (value as { readonly [madeBy]?: Copy })[madeBy];
  if (copy === undefined || copy === thisCopy) return;
  const [theirs, ours] = [folderOf(copy), folderOf(thisCopy)];
  const source = captureSource()();
  throw new KubewrightError({
    code: 'OtherCopy',
    resource: nameOf(value),
    message:
      theirs === ours
        ? `comes from a second copy of kubewright, loaded from ${ours} once more`
        : `comes from another copy of kubewright: ${theirs}, and this one is ${ours}`,
    hint: `${hint ?? 'Import all of it from one copy; `npm ls kubewright` says who brings which, and `npm dedupe` joins those that may be one.'}${source === undefined ? '' : ` (${source})`}`,
  });
}

/** The package's folder: code lies in a folder below it. */
function folderOf({ url }: Copy): string {
  return url.startsWith('file:') ? dirname(dirname(fileURLToPath(url))) : url;
}

function nameOf(value: object): string | undefined {
  if (typeof value === 'function') return inspect(value);
  const { name, nodes } = value as { readonly name?: unknown; readonly nodes?: unknown };
  return Array.isArray(nodes) ? `graph ${String(name)}` : undefined;
}
