import { gzipSync } from 'node:zlib';
import { KubewrightError } from '../errors.ts';
import type { Node } from '../expr/ast.ts';
import { Expression, visitLeaves } from '../expr/value.ts';
import { children } from '../expr/walk.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { specPath } from '../kro/fixed-reads.ts';
import type { InstanceValues } from '../resolve/resolution.ts';
import { type Path, type UpdateRule, updateRules } from '../resolve/rules.ts';
import { brokenRules } from '../resolve/values.ts';
import { pathText } from '../schema/json-schema.ts';
import { groupKind } from './identity.ts';
import { canonical, intentHash } from './intent.ts';
import type { StoredRecord } from './record.ts';
import { subject, type Run } from './run.ts';
import type { World } from './world.ts';

// The record has room for its history beside them.
const roomForValues = 500_000;

/** Whether the record has room for values. */
export function fitsRecord(values: InstanceValues): boolean {
  return gzipSync(JSON.stringify(values), { level: 1 }).length <= roomForValues;
}

/** The values of all instances; of those that are not known yet the ones before, as kro leaves them until then. */
export function valuesOf({ resolution: { values, pending }, stored: { record } }: World): InstanceValues {
  const isPending = (path: string): boolean =>
    pending.some((other) => path === other.path || path.startsWith(`${other.path}/`));
  const before = Object.entries(record?.values ?? {}).filter(([path]) => path !== '' && isPending(path));
  return { ...Object.fromEntries(before), ...values };
}

/** What the rules about updates say. */
export interface UpdateVerdict {
  readonly problems: readonly KubewrightError[];
  readonly warnings: readonly string[];
  /** Values changed that later ones are compared with: the record has to know, also when no object changes. */
  readonly changed: boolean;
}

const silent: UpdateVerdict = { problems: [], warnings: [], changed: false };

/**
 * Compares the values with those of the newest run, as an API server does when an instance is updated. A rollback is free:
 * what it restores was allowed once.
 */
export function judgeUpdate(run: Run, world: World): UpdateVerdict {
  const rules = rulesOf(run.graph);
  if (rules.length === 0 || run.rollbackTo !== undefined) return silent;
  const { record } = world.stored;
  const values = valuesOf(world);
  const untold = rules.filter(({ isTold }) => !isTold).map((rule) => untoldRule(run, rule));
  return {
    problems: [...untold, ...brokenUpdates(run, world), ...(fitsRecord(values) ? [] : [tooLarge(run)])],
    warnings: isUnknown(run, world.stored) ? [unknownText(rules)] : [],
    changed: record?.values !== undefined && canonical(record.values) !== canonical(values),
  };
}

/** The rules of a graph and of the graphs in it, whose fields are called by the path of their instance. */
function rulesOf({ spec, nodes }: Graph, prefix = ''): readonly UpdateRule[] {
  const own = [...updateRules(spec.json)].map((rule) => ({ ...rule, path: prefix + rule.path }));
  return [...own, ...nodes.flatMap(({ id, instanceOf }) => (instanceOf ? rulesOf(instanceOf, `${prefix}${id} `) : []))];
}

/** Values that changed against a rule. Fields that Secrets are made of are not shown. */
export function brokenUpdates(run: Run, world: World): readonly KubewrightError[] {
  const { graph, instance } = run;
  const before = world.stored.record?.values?.[''];
  if (before === undefined) return [];
  const sensitive = secretFields(graph);
  return brokenRules(graph.spec.json, instance.spec, before).flatMap(({ message, update, hint }) => {
    if (!update) return [];
    const isSecret = sensitive.some((path) => overlaps(path, update.steps));
    const shown = (value: unknown): string => (isSecret ? '(secret)' : brief(run.secretValues.hideInAll(value)));
    return new KubewrightError({
      code: 'InvalidUpdate',
      resource: subject(run),
      path: pathText(['spec', ...update.steps]),
      message: `${message}. It was ${shown(update.before)} and would be ${shown(update.after)}`,
      hint,
    });
  });
}

const shownLength = 120;

function brief(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text;
}

function overlaps(path: readonly string[], steps: Path): boolean {
  const length = Math.min(path.length, steps.length);
  return path.slice(0, length).every((step, index) => step === steps[index]);
}

/** The fields of the spec that Secrets are made of, as far as the graph says which; what is below them is meant too. */
function secretFields(graph: Graph): readonly (readonly string[])[] {
  return graph.nodes.filter(makesSecret).flatMap(({ template, forEach }) => {
    const found: (readonly string[])[] = [];
    const read = (node: Node): void => {
      const path = specPath(node);
      if (path) found.push(path);
      else if (node.kind === 'identifier' && node.name === 'schema') found.push([]);
      else for (const child of children(node)) read(child);
    };
    visitLeaves(template, (leaf) => {
      if (leaf instanceof Expression) read(leaf.node);
    });
    for (const { list } of forEach) read(list.node);
    return found;
  });
}

function makesSecret(node: GraphNode): boolean {
  return groupKind(node) === 'Secret' || (node.instanceOf?.nodes.some(makesSecret) ?? false);
}

/** Without the items before it, no rule in a list can hold; an API server refuses such a schema. */
function untoldRule({ graph }: Run, { path }: UpdateRule): KubewrightError {
  return new KubewrightError({
    code: 'InvalidUpdate',
    resource: `graph ${graph.name}`,
    path,
    message: 'it has a rule about updates, and nobody can tell which item of the list was which before',
    hint: "Give the list `listType: 'map'` and `listMapKeys`, or drop the rule.",
  });
}

function tooLarge(run: Run): KubewrightError {
  return new KubewrightError({
    code: 'RecordTooLarge',
    resource: `Secret ${run.identity.namespace}/${run.identity.name}`,
    message: `rules about updates need the values to be kept in the record, and they take more than ${roomForValues} bytes of it`,
    hint: 'Drop the rules, or give large content to the stack in another way than by its values.',
  });
}

/** Whether values may have changed that the record does not know: it was written by an earlier version, or is made anew. */
function isUnknown({ instance }: Run, { record, salt }: StoredRecord): boolean {
  if (!record || record.values?.['']) return false;
  return record.revisions.at(-1)?.values !== intentHash(instance.spec, salt).slice(0, 12);
}

function unknownText(rules: readonly UpdateRule[]): string {
  const paths = rules.map(({ path }) => path).join(', ');
  return `the record does not know the values before, so rules about updates hold from this deployment on: ${paths}`;
}
