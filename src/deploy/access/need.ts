/** Commands whose permissions can be asked for; `migrate` is a deployment that changes its mode. */
export const purposes = ['plan', 'deploy', 'destroy', 'status', 'history', 'rollback', 'migrate'] as const;

/** A command whose permissions are asked for. */
export type Purpose = (typeof purposes)[number];

/** What has needs of its own; the others are deployments of something else, or with something more. */
export type BasicPurpose = Exclude<Purpose, 'rollback' | 'migrate'>;

/** What roles are for when nobody says. */
export const usualPurposes: readonly Purpose[] = ['plan', 'deploy', 'destroy'];

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
export type Optional = 'diagnosis' | 'drift' | 'kro version' | 'namespace removal' | 'definition removal';

/** The verbs of each command for one object, in the order of their work. */
export type VerbTable = Readonly<Partial<Record<BasicPurpose, readonly string[]>>>;

/** The verbs that some commands take together. */
export function verbsFor(table: VerbTable, wanted: readonly BasicPurpose[]): readonly string[] {
  return [...new Set(wanted.flatMap((purpose) => table[purpose] ?? []))];
}
