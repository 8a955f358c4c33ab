import type { Graph } from '../graph/graph.ts';
import type { JsonObject } from './api.ts';
import { definitionsOf } from './chain.ts';
import { toDefinition } from './definition.ts';
import { toGraphObject } from './graph-kind.ts';
import { type InstanceParts, toInstance } from './instance.ts';

/** One object of what kro is given. */
export interface Emitted {
  /** Name of its file. */
  readonly name: string;
  readonly object: object & { readonly metadata: JsonObject | object };
}

/** A form in which kro takes a graph and its values: objects in the order in which they are applied. */
export type Emitter = (graph: Graph, instance: InstanceParts, featureGates: readonly string[]) => readonly Emitted[];

/** The forms by name. `experimental-graph` is kro's coming kind `Graph`. */
export const emitters: Readonly<Record<'definition' | 'experimental-graph', Emitter>> = {
  definition: (graph, instance, featureGates) => {
    const chain = definitionsOf(graph);
    const definitions = chain.map((member) => ({
      name: member === graph ? 'definition' : `definition-${member.name}`,
      object: toDefinition(member, { featureGates }),
    }));
    return [...definitions, { name: 'instance', object: toInstance(graph, instance) }];
  },
  'experimental-graph': (graph, instance, featureGates) => {
    const children = definitionsOf(graph).filter((member) => member !== graph);
    return [
      ...children.map((member) => ({
        name: `definition-${member.name}`,
        object: toDefinition(member, { featureGates }),
      })),
      { name: 'graph', object: toGraphObject(graph, instance, { experimental: true, featureGates }) },
    ];
  },
};

/** Name of an emitter. */
export type EmitterName = keyof typeof emitters;
