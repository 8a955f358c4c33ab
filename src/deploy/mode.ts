import type { KindReference } from '../cluster/cluster.ts';
import { KubewrightError } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import type { DeployOptions } from './options.ts';
import type { StoredRecord } from './record.ts';
import { subject, type Run } from './run.ts';

export function kindOfInstance({ group, version, kind }: Pick<Graph, 'group' | 'version' | 'kind'>): KindReference {
  return { apiVersion: `${group}/${version}`, kind };
}

/** A deployment that changes hands: `from` is the instance that kro lets go of, where it had one. */
export interface Migration {
  readonly from?: KindReference | undefined;
}

/** What has to change hands before the instance can be deployed as it is wanted; `undefined` when nothing has, or may. */
export function migrationOf(
  run: Run,
  { record }: StoredRecord,
  { migrate }: Pick<DeployOptions, 'migrate'>,
): Migration | undefined {
  if (!record) return undefined;
  const { mode, migrating } = record;
  // What was begun goes on, when it goes where this run goes.
  if (migrating && mode === run.mode) return { from: migrating.instanceKind };
  if (!migrate || !differs(run, { record })) return undefined;
  return { from: mode === 'kro' ? kroKind(run, { record }) : migrating?.instanceKind };
}

/** An instance keeps its mode, and in kro mode its kind: kro refuses objects that carry another set's label. */
export function modeProblems(
  run: Run,
  stored: StoredRecord,
  { migrate }: Pick<DeployOptions, 'migrate'>,
): KubewrightError[] {
  const { record } = stored;
  if (!record || migrate || !differs(run, stored)) return [];
  const { mode } = record;
  const [old, now] = mode === run.mode ? [kroKind(run, stored).kind, run.graph.kind] : [`in mode ${mode}`, run.mode];
  return [
    new KubewrightError({
      code: 'ModeChange',
      resource: subject(run),
      message: `is deployed ${mode === run.mode ? `as ${old}` : old}, not ${now}`,
      hint:
        run.rollbackTo !== undefined
          ? 'Choose a revision of the same definition, or deploy the stack as it was then, with --migrate.'
          : mode === run.mode
            ? 'Keep its definition, or move it with --migrate: no object is deleted or made anew.'
            : `Keep the mode ${mode}, or move it with --migrate: no object is deleted or made anew.`,
    }),
  ];
}

/** While the mode is another one, who has the objects says nothing: they are this deployment's own. */
export function withoutConsequences(problems: readonly Error[]): readonly Error[] {
  const has = (error: Error, code: string): boolean => (error as Partial<KubewrightError>).code === code;
  return problems.some((error) => has(error, 'ModeChange'))
    ? problems.filter((error) => !has(error, 'NotOurs'))
    : problems;
}

/** Whether a deployment is refused for its mode or kind: what it would delete then says nothing. */
export function isElsewhere(run: Run, stored: StoredRecord, options: Pick<DeployOptions, 'migrate'>): boolean {
  return modeProblems(run, stored, options).length > 0;
}

type Recorded = Pick<StoredRecord, 'record'>;

function differs(run: Run, stored: Recorded): boolean {
  if (stored.record?.mode !== run.mode) return true;
  if (run.mode === 'direct') return false;
  const { apiVersion, kind } = kroKind(run, stored);
  const [group] = apiVersion.split('/');
  return group !== run.graph.group || kind !== run.graph.kind;
}

function kroKind(run: Run, { record }: Recorded): KindReference {
  return record?.instanceKind ?? kindOfInstance(run.graph);
}
