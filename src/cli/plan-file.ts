import { readFileSync, writeFileSync } from 'node:fs';
import type { SavedPlan } from '../deploy/saved-plan.ts';
import { KubewrightError } from '../errors.ts';

const format = 'kubewright.dev/plan/v1';

/** A saved plan: the document of `plan --output json`, and for each graph what its deployment is checked against. */
interface PlanFile {
  readonly format: typeof format;
  readonly environment: string;
  readonly graphs: readonly { readonly graph: string; readonly saved: SavedPlan }[];
}

/** Writes a plan for `deploy --plan`. */
export function writePlanFile(path: string, document: Omit<PlanFile, 'format'>): void {
  try {
    writeFileSync(path, `${JSON.stringify({ format, ...document }, null, 2)}\n`, { mode: 0o600 });
  } catch (error) {
    throw planFileError(path, `cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
  }
}

/**
 * Reads what `plan --out` wrote, for an environment.
 *
 * @throws KubewrightError `PlanFile` for anything else, and for the plan of another environment
 */
export function readPlanFile(path: string, environment: string): ReadonlyMap<string, SavedPlan> {
  const file = parse(path);
  if (file.environment !== environment)
    throw planFileError(path, `was made for environment ${file.environment}, not ${environment}`);
  return new Map(file.graphs.map(({ graph, saved }) => [graph, saved]));
}

function parse(path: string): PlanFile {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw planFileError(path, code ? `cannot be read (${code})` : 'is no JSON document');
  }
  const isPlan =
    isObject(value) &&
    value['format'] === format &&
    typeof value['environment'] === 'string' &&
    Array.isArray(value['graphs']) &&
    value['graphs'].every((entry) => isObject(entry) && typeof entry['graph'] === 'string' && isSaved(entry['saved']));
  if (!isPlan) throw planFileError(path, `is no plan of this version (${format})`);
  return value as never;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSaved(value: unknown): boolean {
  return (
    isObject(value) &&
    isObject(value['options']) &&
    isObject(value['objects']) &&
    isObject(value['stack']) &&
    typeof value['stack']['salt'] === 'string' &&
    typeof value['stack']['digest'] === 'string' &&
    typeof value['cluster'] === 'string'
  );
}

function planFileError(path: string, message: string): KubewrightError {
  return new KubewrightError({ code: 'PlanFile', resource: path, message, hint: 'Make one with plan --out.' });
}
