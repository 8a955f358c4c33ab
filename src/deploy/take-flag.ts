import { KubewrightError } from '../errors.ts';

/** How a user names a field of one object, for a shell. */
export function takeFlag(label: string, path: string): string {
  return `--take ${shellWord(`${label}:${path}`)}`;
}

/** A flag for each field that other managers have, by the errors that say so. */
export function takeFlags(errors: readonly unknown[]): readonly string[] {
  const flags = errors.flatMap((error): readonly string[] => {
    if (!(error instanceof KubewrightError)) return [];
    if (error.problems.length > 0) return takeFlags(error.problems);
    const { code, resource, path } = error;
    return code === 'FieldConflict' && resource !== undefined && path !== undefined ? [takeFlag(resource, path)] : [];
  });
  return [...new Set(flags)];
}

/** One argument, as a shell reads it. */
export function shellWord(text: string): string {
  return /^[\w./:=,@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
