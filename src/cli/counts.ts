import type { ChangeAction, DeployedObject, Mode, Plan } from '../deploy/options.ts';

/** What happens to objects, before and after, in the order in which it is told. */
const words: readonly {
  readonly planned: ChangeAction;
  readonly outcome: DeployedObject['action'];
  readonly before: string;
  readonly after: string;
}[] = [
  { planned: 'create', outcome: 'created', before: 'to create', after: 'created' },
  { planned: 'update', outcome: 'updated', before: 'to update', after: 'updated' },
  { planned: 'replace', outcome: 'replaced', before: 'to replace', after: 'replaced' },
  { planned: 'adopt', outcome: 'adopted', before: 'to take over', after: 'taken over' },
  { planned: 'delete', outcome: 'deleted', before: 'to delete', after: 'deleted' },
  { planned: 'unchanged', outcome: 'unchanged', before: 'unchanged', after: 'unchanged' },
  { planned: 'check', outcome: 'checked', before: 'only read', after: 'only read' },
];

/** How a plan is counted: all that is applied, and beside it by name the namespace of the instance. */
export interface Counting {
  readonly mode: Mode;
  readonly work: 'deploy' | 'destroy';
}

/** `12 to create (3 of them later), 1 unchanged, and Namespace shop` */
export function plannedCounts(plan: Plan, { mode, work }: Counting): string {
  const { changes, pending, changed } = plan;
  const certain = pending.filter(({ action }) => action === 'create');
  const created = certain.reduce((sum, { objects = 1 }) => sum + objects, 0);
  const parts = words.map(({ planned, before }) => {
    const count = changes.filter(({ action }) => action === planned).length;
    if (planned !== 'create' || created === 0) return part(count, before);
    return part(count + created, `${before} (${count === 0 ? '' : `${created} of them `}later)`);
  });
  parts.push(part(pending.length - certain.length, 'to decide later'));
  const text = withNamespace(parts, plan.createsNamespace ?? plan.deletesNamespace);
  if (plan.problems.length > 0) return `would be refused${text && `; otherwise ${text}`}`;
  if (!changed && text !== '') return `no changes (${text})`;
  const rest = work === 'deploy' ? 'kro makes the objects of them' : 'kro deletes the objects that it made';
  return (text || 'nothing to do') + (changed && mode === 'kro' ? `; ${rest}` : '');
}

/** `12 created, 1 unchanged, and Namespace shop` */
export function doneCounts(done: {
  readonly objects: readonly DeployedObject[];
  readonly writes: number;
  readonly createdNamespace?: string;
  readonly deletedNamespace?: string;
}): string {
  const { objects, writes, createdNamespace, deletedNamespace } = done;
  const own = objects.filter(({ by }) => by === undefined);
  const parts = words.map(({ outcome, after }) => part(own.filter(({ action }) => action === outcome).length, after));
  const text = withNamespace(parts, createdNamespace ?? deletedNamespace);
  const byKro = objects.length - own.length;
  const whole = writes === 0 ? `no changes${text && ` (${text})`}` : text || 'nothing to do';
  return whole + (byKro === 0 ? '' : `; ${byKro} made by kro`);
}

function part(count: number, text: string): string {
  return count > 0 ? `${count} ${text}` : '';
}

function withNamespace(parts: readonly string[], namespace: string | undefined): string {
  const text = parts.filter(Boolean).join(', ');
  if (namespace === undefined) return text;
  return text === '' ? `only Namespace ${namespace}` : `${text}, and Namespace ${namespace}`;
}
