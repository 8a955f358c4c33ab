import { KubewrightError } from '../errors.ts';
import { finishGraph, type Graph } from '../graph/graph.ts';
import { fromDefinitions } from '../kro/import.ts';
import { isCrd, isDefinition, type Manifest, readManifests, type Source } from '../kro/read/source.ts';
import { toSource } from '../kro/validate.ts';
import type { Instance, NodePath, ObservedObject, Resolution, ResolvedBody } from '../resolve/resolution.ts';
import { resolve } from '../resolve/resolve.ts';
import { instanceOf } from './instance.ts';
import { World } from './world.ts';

/** What a rendering starts from. */
export interface RenderOptions {
  /** Objects that exist, with their status; definitions among them are known kinds. YAML texts or objects. @default [] */
  readonly observed?: readonly (string | object | Source)[];
  /** CustomResourceDefinitions of the kinds that the definitions use. @default [] */
  readonly crds?: readonly (string | object | Source)[];
}

/** What kro would make of an instance. */
export interface Rendering {
  /** In dependency order; those of instances that it makes behind it. */
  readonly objects: readonly ResolvedBody[];
  /** Without kro's own conditions and `state`. */
  readonly status: Readonly<Record<string, unknown>>;
  /** kro's `status.state`. */
  readonly state: 'ACTIVE' | 'IN_PROGRESS' | 'ERROR';
  /** Resources that are not made yet, and those that are made and not ready. */
  readonly pending: readonly { readonly id: string; readonly reason: string }[];
  /** Resources that are left out. */
  readonly skipped: readonly string[];
  /** What waiting does not heal. */
  readonly error?: KubewrightError;
}

/**
 * What kro creates from a definition and an instance, without a cluster: objects that exist are as given, those that kro
 * makes exist then as it made them, until nothing changes any more.
 *
 * @param definitions the definition of the instance's kind, and those of the kinds that it uses
 * @throws KubewrightError for definitions that kro refuses, and for an instance of another kind
 * @example
 * const { objects, pending } = render([readFileSync('rgd.yaml', 'utf8')], readFileSync('app.yaml', 'utf8'));
 */
export function render(
  definitions: readonly (string | object | Source)[],
  instance: string | object | Source,
  options: RenderOptions = {},
): Rendering {
  const given = (options.observed ?? []).flatMap((source) => readManifests(toSource(source)));
  const objectsOf = (isWanted: (manifest: Manifest) => boolean): object[] =>
    given.filter(isWanted).map(({ object }) => object);
  const graphs = fromDefinitions([...definitions, ...objectsOf(isDefinition)], {
    crds: [...(options.crds ?? []), ...objectsOf(isCrd)],
  });
  const world = new World(objectsOf((manifest) => !isDefinition(manifest) && !isCrd(manifest)) as ObservedObject[]);
  const [manifest] = readManifests(toSource(instance));
  const renderer = new Renderer(graphs.map(withoutInlining), world);
  return renderer.render(manifest?.object ?? {});
}

/** kro makes an instance of another definition as an object of its kind. */
function withoutInlining(graph: Graph): Graph {
  return finishGraph({ ...graph, nodes: graph.nodes.map(({ instanceOf: _, ...node }) => node) });
}

const kindOf = ({ group, version, kind }: Pick<Graph, 'group' | 'version' | 'kind'>): string =>
  `${group}/${version} ${kind}`;

class Renderer {
  readonly #graphs: ReadonlyMap<string, Graph>;
  readonly #world: World;

  constructor(graphs: readonly Graph[], world: World) {
    this.#graphs = new Map(graphs.map((graph) => [kindOf(graph), graph]));
    this.#world = world;
  }

  render(object: ObservedObject): Rendering {
    const graph = this.#graphs.get(`${String(object['apiVersion'])} ${String(object['kind'])}`);
    if (!graph) {
      throw new KubewrightError({
        code: 'UnknownKind',
        resource: 'instance',
        path: 'kind',
        message: `${String(object['apiVersion'])} ${String(object['kind'])} is the kind of none of the definitions`,
        hint: `They make ${[...this.#graphs.keys()].join(', ')}.`,
      });
    }
    const instance = instanceOf(graph, object);
    try {
      return this.#settle(graph, instance);
    } catch (error) {
      if (!(error instanceof KubewrightError)) throw error;
      return { objects: [], status: {}, state: 'ERROR', pending: [], skipped: [], error };
    }
  }

  /** A node reads only what stands before it, so that one pass makes everything that can be made. */
  #settle(graph: Graph, instance: Instance): Rendering {
    const inner = new Map<string, readonly ResolvedBody[]>();
    const resolution = resolve(graph, instance, {
      get: () => undefined,
      make: ({ label, object }) => this.#make(object, (objects) => inner.set(label, objects)),
      read: (external) => this.#world.read(external),
    });
    return this.#summarize(resolution, inner);
  }

  /** An instance of another definition makes objects of its own, and has a status from them. */
  #make(object: ResolvedBody, onInner: (objects: readonly ResolvedBody[]) => void): ObservedObject {
    const observed = this.#world.make(object);
    if (!this.#graphs.has(`${object.apiVersion} ${object.kind}`)) return observed;
    const { objects, status, state } = this.render(object);
    onInner(objects);
    if (observed['status'] !== undefined && observed !== object) return observed;
    return { ...observed, status: { ...status, state } };
  }

  /** @param inner what instances of other definitions make, by the label of the instance */
  #summarize(resolution: Resolution, inner: ReadonlyMap<NodePath, readonly ResolvedBody[]>): Rendering {
    const { objects, pending, waiting, skipped, statusProblem } = resolution;
    const unready = [...pending, ...waiting].map(({ path, reason }) => ({ id: path, reason }));
    const state = statusProblem ? 'ERROR' : unready.length > 0 ? 'IN_PROGRESS' : 'ACTIVE';
    return {
      objects: objects.flatMap(({ object, label }) => [object, ...(inner.get(label) ?? [])]),
      status: resolution.status,
      state,
      pending: unready,
      skipped,
      ...(statusProblem && { error: statusProblem }),
    };
  }
}
