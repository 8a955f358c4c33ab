import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';
import { fail } from '../failure.ts';
import type { Int } from '../int64.ts';
import type { Library } from './overload.ts';
import { nativePattern } from './regex-native.ts';

let engine: typeof RE2JS | undefined;
const compiled = new Map<string, RE2JS>();

/** RE2's meaning and linear time. The engine is loaded when the first pattern is used. */
export function compilePattern(pattern: string): RE2JS {
  const known = compiled.get(pattern);
  if (known) return known;
  engine ??= (createRequire(import.meta.url)('re2js') as { RE2JS: typeof RE2JS }).RE2JS;
  try {
    const regex = engine.compile(pattern);
    if (compiled.size > 500) compiled.clear();
    compiled.set(pattern, regex);
    return regex;
  } catch (error) {
    return fail(
      error instanceof Error
        ? error.message.replace(/^(?!error parsing regexp)/, 'error parsing regexp: ')
        : String(error),
    );
  }
}

const testers = new Map<string, { test(text: string): boolean }>();

function tester(pattern: string): { test(text: string): boolean } {
  let known = testers.get(pattern);
  if (!known) {
    known = nativePattern(pattern) ?? compilePattern(pattern);
    if (testers.size > 500) testers.clear();
    testers.set(pattern, known);
  }
  return known;
}

export function matches(text: unknown, pattern: unknown): boolean {
  if (typeof text !== 'string' || typeof pattern !== 'string') return fail('no such overload');
  return tester(pattern).test(text);
}

function findFirst(text: string, pattern: string): string {
  const matcher = compilePattern(pattern).matcher(text);
  return matcher.find() ? (matcher.group() ?? '') : '';
}

/** Go's FindAllString: a negative limit means all. */
function findAll(text: string, pattern: string, limit: Int = -1): string[] {
  const matcher = compilePattern(pattern).matcher(text);
  const found: string[] = [];
  let previousEnd = -1;
  const wanted = limit < 0 ? Number.POSITIVE_INFINITY : Number(limit);
  while (found.length < wanted && matcher.find()) {
    // Go leaves out an empty match right after another one.
    const empty = matcher.start() === matcher.end() && matcher.start() === previousEnd;
    previousEnd = matcher.end();
    if (!empty) found.push(matcher.group() ?? '');
  }
  return found;
}

/** Kubernetes' regex library. */
export const regex: Library = {
  find: { 'string.(string): string': findFirst },
  findAll: {
    'string.(string): list(string)': (text: string, pattern: string) => findAll(text, pattern),
    'string.(string, int): list(string)': findAll,
  },
};
