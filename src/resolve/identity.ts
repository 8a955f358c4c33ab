import { KubewrightError, throwProblems } from '../errors.ts';
import type { ResolvedObject } from './resolution.ts';

/**
 * Checks that no two objects are the same object.
 *
 * @throws KubewrightError `DuplicateObject`
 */
export function assertDistinct(objects: readonly ResolvedObject[]): void {
  const first = new Map<string, ResolvedObject>();
  const problems: KubewrightError[] = [];
  for (const resolved of objects) {
    const { apiVersion, kind, metadata } = resolved.object;
    const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
    const key = `${group}/${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
    const other = first.get(key);
    if (!other) {
      first.set(key, resolved);
      continue;
    }
    problems.push(
      new KubewrightError({
        code: 'DuplicateObject',
        resource: resolved.label,
        message: `is the same object as ${other.label}: ${kind} ${metadata.namespace ? `${metadata.namespace}/` : ''}${metadata.name}`,
        hint: 'Give one of them another name or namespace, for instance from the spec.',
      }),
    );
  }
  throwProblems('objects', problems);
}
