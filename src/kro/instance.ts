import { KubewrightError } from '../errors.ts';
import type { GraphData } from '../graph/graph.ts';
import { type InstanceObject, reservedPrefixes } from './api.ts';
import type { DefinitionOptions } from './definition.ts';

/** What an instance is made from: its name, place and values. */
export interface InstanceParts {
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** Values, valid by the graph's schema. */
  readonly spec: Readonly<Record<string, unknown>>;
}

/** Keys that kro keeps its inventory under: with one of them a new instance is refused as somebody else's. */
const inventoryPrefix = 'applyset.kubernetes.io/';

/** Of a label's value. */
const longestName = 63;

/** The one key of kro that is meant for users: it suspends an instance. */
const suspendKey = 'kro.run/reconcile';

/**
 * The object that kro makes a graph's resources from.
 *
 * @throws KubewrightError `KroReservedKey` for a label or annotation that belongs to kro, `KroInstanceName` for a name that is too long
 */
export function toInstance(
  graph: Pick<GraphData, 'group' | 'version' | 'kind' | 'scope'>,
  instance: InstanceParts,
  options: Pick<DefinitionOptions, 'definition'> = {},
): InstanceObject {
  const { name, namespace, labels, annotations, spec } = instance;
  if (name.length > longestName) {
    throw new KubewrightError({
      code: 'KroInstanceName',
      resource: 'instance',
      path: 'metadata.name',
      message: `has ${name.length} characters, and kro labels everything with it`,
      hint: `Use at most ${longestName}.`,
    });
  }
  refuseReserved('labels', labels);
  refuseReserved('annotations', annotations);
  return {
    apiVersion: `${graph.group}/${graph.version}`,
    kind: options.definition?.kind ?? graph.kind,
    metadata: {
      name,
      ...(namespace !== undefined && graph.scope === 'Namespaced' && { namespace }),
      ...(labels && { labels }),
      ...(annotations && { annotations }),
    },
    spec,
  };
}

function refuseReserved(field: 'labels' | 'annotations', entries: Readonly<Record<string, string>> | undefined): void {
  for (const key of Object.keys(entries ?? {})) {
    const reserved = key.startsWith(inventoryPrefix) || reservedPrefixes.some((prefix) => key.startsWith(prefix));
    if (!reserved || (field === 'annotations' && key === suspendKey)) continue;
    throw new KubewrightError({
      code: 'KroReservedKey',
      resource: 'instance',
      path: `metadata.${field}[${JSON.stringify(key)}]`,
      message: 'belongs to kro',
      hint: 'Choose another prefix.',
    });
  }
}
