/** A command whose permissions are asked for. */
export type Purpose = 'plan' | 'deploy' | 'destroy';

/** One thing that a command asks of the server. */
export interface Need {
  readonly group: string;
  /** Plural, with the subresource: `pods/log`. */
  readonly resource: string;
  readonly verbs: readonly string[];
  /** Absent: the resource is cluster-scoped, or any namespace may be meant. */
  readonly namespace?: string | undefined;
  /** Absent: all objects of the resource. */
  readonly name?: string | undefined;
  /** What is lost without it, when the command does its work all the same. */
  readonly optional?: Optional;
}

/** Permissions that only make answers better. */
export type Optional = 'diagnosis' | 'kro version' | 'namespace removal';

/** The verbs of each command for one object, in the order of their work. */
export type VerbTable = Readonly<Record<Purpose, readonly string[]>>;

/** The verbs that some commands take together. */
export function verbsFor(table: VerbTable, purposes: readonly Purpose[]): readonly string[] {
  return [...new Set(purposes.flatMap((purpose) => table[purpose]))];
}
