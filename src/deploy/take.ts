import type { KubernetesObject } from '../cluster/cluster.ts';
import { KubewrightError } from '../errors.ts';
import { isObject, type ValueObject } from '../expr/value.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { definitionsOf } from '../kro/chain.ts';
import { toDefinition } from '../kro/definition.ts';
import { toInstance } from '../kro/instance.ts';
import { splitSecretPaths } from '../kro/secrets.ts';
import type { Instance } from '../resolve/resolution.ts';
import { didYouMean } from '../schema/nearest-name.ts';
import { hasPath, includesPath, pathsOf } from './field-path.ts';
import { keys } from './identity.ts';
import type { Run } from './run.ts';

type Take = readonly string[] | undefined;

/** Whether a field of an object, or something that it is in, was named: by its path alone, with the label of the object, or with the id of its resource. */
export function isTaken(take: Take = [], { label, object }: Taken, path: string): boolean {
  const prefixes = ['', `${label}:`, `${idOf(label)}:`];
  return take.some((entry) =>
    prefixes.some((prefix) => {
      const named = entry.startsWith(prefix) ? entry.slice(prefix.length) : '';
      return named === path || (named !== '' && includesPath(object, named, path));
    }),
  );
}

/** What we want to write. */
interface Taken {
  readonly label: string;
  readonly object: KubernetesObject;
}

/** What decides which objects a deployment writes. */
export interface Taker extends Pick<Run, 'graph' | 'mode' | 'featureGates'> {
  readonly instance: Instance;
}

/** Whether a deployment may write a field of this name. What only the cluster knows, such as the items of a list, may have it. */
export function knowsField(taker: Taker, entry: string): boolean {
  return writtenBy(taker).some((written) => names(written, entry));
}

/** An entry for every field that is nowhere, as taking it would do nothing. */
export function takeProblems(taker: Taker, take: Take): readonly KubewrightError[] {
  if (!take || take.length === 0) return [];
  const written = writtenBy(taker);
  return take
    .filter((entry) => !written.some((each) => names(each, entry)))
    .map((entry) => unknownField(written, entry));
}

/** An object, or all objects of a collection, that we write. */
interface Written {
  readonly id: string;
  readonly template: ValueObject;
}

/** What we add to every object. */
const added: ValueObject = {
  metadata: { labels: { [keys.partOf]: '' }, annotations: { [keys.intent]: '', [keys.adopted]: '', [keys.keep]: '' } },
};

function names({ id, template }: Written, entry: string): boolean {
  const hasField = (path: string): boolean => path !== '' && (hasPath(template, path) || hasPath(added, path));
  if (hasField(entry)) return true;
  const rest = entry.startsWith(id) ? entry.slice(id.length).replace(/^\[\d+\]/, '') : '';
  return rest.startsWith(':') && hasField(rest.slice(1));
}

function writtenBy({ graph, mode, instance, featureGates }: Taker): readonly Written[] {
  const direct = writtenDirectly(graph);
  if (mode === 'direct') return direct;
  const secrets = new Set(splitSecretPaths(graph));
  return [
    ...definitionsOf(graph).map((each) => ({
      id: `definition ${each.name}`,
      template: toDefinition(each, { featureGates }) as unknown as ValueObject,
    })),
    { id: `instance ${instance.name}`, template: toInstance(graph, instance) as unknown as ValueObject },
    ...direct.filter(({ id }) => secrets.has(id)),
  ];
}

function writtenDirectly({ nodes }: Pick<Graph, 'nodes'>, prefix = ''): readonly Written[] {
  return nodes.flatMap((node): readonly Written[] => {
    const id = prefix + node.id;
    if (node.external) return [];
    return node.instanceOf ? writtenDirectly(node.instanceOf, `${id}/`) : [{ id, template: stored(node) }];
  });
}

/** The server stores the text of a Secret as data. */
function stored({ kind, template }: GraphNode): ValueObject {
  const { stringData, data } = template;
  if (kind !== 'Secret' || stringData === undefined) return template;
  const isOpen = !isObject(stringData) || (data !== undefined && !isObject(data));
  return { ...template, data: isOpen ? stringData : { ...data, ...stringData } };
}

function unknownField(written: readonly Written[], entry: string): KubewrightError {
  const fieldsOf = ({ template }: Written): string[] => pathsOf(template);
  const named = written.find(({ id }) => entry.startsWith(id) && /^(\[\d+\])?[:.]/.test(entry.slice(id.length)));
  const known = named
    ? fieldsOf(named).map((path) => `${named.id}:${path}`)
    : written.flatMap((each) => fieldsOf(each).flatMap((path) => [path, `${each.id}:${path}`]));
  const there = named
    ? `The fields of ${named.id} are ${listed(fieldsOf(named))}.`
    : `Name a field as <resource>:<path>; the resources are ${listed(written.map(({ id }) => id))}.`;
  return new KubewrightError({
    code: 'NothingToTake',
    message: `--take ${entry}: this deployment writes no such field, so there is nothing to take over`,
    hint: [didYouMean(entry, known), there].filter(Boolean).join(' '),
  });
}

const manyNames = 20;

function listed(all: readonly string[]): string {
  const more = all.length - manyNames;
  return all.slice(0, manyNames).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** `workers` of `workers[2]`. */
function idOf(label: string): string {
  return label.replace(/\[\d+\]$/, '');
}
