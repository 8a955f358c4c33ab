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

/** Cuts a path into steps. */
function parsePath(path: string): readonly Step[] {
  const steps: Step[] = [];
  let rest = path.replace(/^\./, '');
  while (rest) {
    const list = /^\[((?:"(?:[^"\\]|\\.)*"|[^\]"])*)\]\.?/.exec(rest);
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
