import { isObject, visitLeaves, type Value } from '../expr/value.ts';
import { canonical } from './intent.ts';

type Step =
  | { readonly key: string }
  | { readonly index: number }
  | { readonly match: Readonly<Record<string, unknown>> }
  | { readonly value: unknown };

/** Value at a path as field managers write it: `.spec.template.spec.containers[name="web"].image`. */
export function valueAt(object: unknown, path: string): unknown {
  let current: unknown = object;
  for (const step of parsePath(path)) {
    if (current === null || current === undefined) return undefined;
    current = take(current, step);
  }
  return current;
}

function take(current: unknown, step: Step): unknown {
  if ('key' in step) return (current as Record<string, unknown>)[step.key];
  if (!Array.isArray(current)) return undefined;
  if ('index' in step) return current[step.index] as unknown;
  if ('value' in step) return current.find((item) => canonical(item) === canonical(step.value)) as unknown;
  const wanted = Object.entries(step.match);
  return current.find((item: Record<string, unknown>) =>
    wanted.every(([name, value]) => item[name] === undefined || canonical(item[name]) === canonical(value)),
  ) as unknown;
}

/**
 * Whether an object with expressions in it has, or may have, a field. Keys may have dots in them, so the object says where
 * they end.
 */
export function hasPath(value: Value, path: string): boolean {
  if (path === '') return true;
  if (Array.isArray(value)) {
    const list = listStart.exec(path);
    if (!list) return false;
    const step = listStep(list[1] ?? '');
    return (value as readonly Value[]).some(
      (item, index) => mayBe(item, index, step) && hasPath(item, path.slice(list[0].length)),
    );
  }
  // What an expression becomes is known later.
  if (!isObject(value)) return typeof value === 'object' && value !== null;
  return Object.entries(value).some(
    ([key, item]) =>
      path.startsWith(key) &&
      /^($|[.[])/.test(path.slice(key.length)) &&
      hasPath(item, path.slice(key.length).replace(/^\./, '')),
  );
}

function mayBe(item: Value, index: number, step: Step): boolean {
  if ('index' in step) return index === step.index;
  if ('key' in step) return false;
  const isOpen = (part: Value | undefined): boolean => typeof part === 'object' && part !== null && !isObject(part);
  const fits = (part: Value | undefined, wanted: unknown): boolean =>
    part === undefined || isOpen(part) || canonical(part) === canonical(wanted);
  if ('value' in step) return fits(item, step.value);
  return (
    isOpen(item) || (isObject(item) && Object.entries(step.match).every(([name, value]) => fits(item[name], value)))
  );
}

/** Paths of all leaves, as field managers write them where they can. */
export function pathsOf(value: Value): string[] {
  const paths: string[] = [];
  visitLeaves(value, (_leaf, path) => void paths.push(path()));
  return paths.filter((path) => !/^(apiVersion|kind|metadata\.name|metadata\.namespace)$/.test(path));
}

const listStart = /^\[((?:"(?:[^"\\]|\\.)*"|[^\]"])*)\]\.?/;

/** Cuts a path into steps. */
function parsePath(path: string): readonly Step[] {
  const steps: Step[] = [];
  let rest = path.replace(/^\./, '');
  while (rest) {
    const list = listStart.exec(rest);
    if (list) {
      steps.push(listStep(list[1] ?? ''));
      rest = rest.slice(list[0].length);
      continue;
    }
    const name = /^[^.[]+\.?/.exec(rest)?.[0] ?? rest;
    steps.push({ key: name.replace(/\.$/, '') });
    rest = rest.slice(name.length);
  }
  return steps;
}

function listStep(text: string): Step {
  if (/^\d+$/.test(text)) return { index: Number(text) };
  if (text.startsWith('=')) return { value: parseJson(text.slice(1)) };
  const match: Record<string, unknown> = {};
  for (const [, name = '', value = ''] of text.matchAll(/([\w-]+)=("(?:[^"\\]|\\.)*"|[^,]+)/g))
    match[name] = parseJson(value);
  return { match };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
