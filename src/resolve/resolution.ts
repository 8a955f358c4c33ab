import type { KubewrightError } from '../errors.ts';
import type { GraphNode } from '../graph/graph.ts';

/** The instance that a graph is resolved for: virtual in direct mode, an object of the graph's kind in kro mode. */
export interface Instance {
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** Values, valid by the graph's schema and with its defaults. */
  readonly spec: Readonly<Record<string, unknown>>;
}

/** A Kubernetes object as it is on the wire; `Deferred` leaves (secrets read at deploy time) may be inside Secrets. */
export interface ResolvedBody {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
    readonly [key: string]: unknown;
  };
  readonly [key: string]: unknown;
}

/**
 * Address of a node: its id, behind the ids of the instance nodes that contain it (`shop/userDeployment`).
 */
export type NodePath = string;

/** One object that has to exist. */
export interface ResolvedObject {
  readonly path: NodePath;
  readonly node: GraphNode;
  /** Position in its collection; absent for a single object. */
  readonly index?: number;
  /** Name and position for people: `workers[2]`, `shop/userDeployment`. */
  readonly label: string;
  readonly object: ResolvedBody;
}

/** One object, or set of objects, that is read and not made. */
export interface ExternalRead {
  readonly path: NodePath;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string | undefined;
  /** Read one object by name, or all that a label selector matches. */
  readonly by: { readonly name: string } | { readonly selector: LabelSelector };
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** A node that cannot be made yet, and why. */
export interface Pending {
  readonly path: NodePath;
  /** For people: `waits for userDeployment to be ready: …`, `status.loadBalancer.ingress is not there yet`. */
  readonly reason: string;
  /** The node that it waits for. */
  readonly on?: NodePath | undefined;
  /** Field whose expression waits, such as `spec.template.spec.containers[0].image`. */
  readonly field?: string | undefined;
}

/** The values of instances by the path of their nodes; those of the whole have no path. */
export type InstanceValues = Readonly<Record<NodePath, Readonly<Record<string, unknown>>>>;

/** What a graph means for an instance and the objects that exist. */
export interface Resolution {
  /** Of every instance whose values are known. */
  readonly values: InstanceValues;
  /** In dependency order. */
  readonly objects: readonly ResolvedObject[];
  readonly externals: readonly ExternalRead[];
  /** Nodes left out by `includeWhen`, their own or that of a node they refer to. */
  readonly skipped: readonly NodePath[];
  readonly pending: readonly Pending[];
  /** Nodes that are made and not ready yet, and why. */
  readonly waiting: readonly Pending[];
  /** Nodes whose `readyWhen` holds (or that exist, where there is none). */
  readonly ready: ReadonlySet<NodePath>;
  /** Fields whose data is not there yet are absent. */
  readonly status: Record<string, unknown>;
  /** What is wrong with a status expression beyond waiting; the status is then empty but for conditions. */
  readonly statusProblem?: KubewrightError | undefined;
  /** Status fields that are absent, and why. */
  readonly statusPending: readonly { readonly field: string; readonly reason: string }[];
}

/** The objects that exist: one object, or for a collection or selector all of its objects (collections in index order). */
export interface Observed {
  get(path: NodePath): ObservedObject | readonly (ObservedObject | undefined)[] | undefined;
  /** In a world that is only imagined: what an object is as soon as it is made. It counts as observed at once. */
  make?(object: ResolvedObject): ObservedObject;
  /** In a world that is only imagined: what is read of objects that others make. */
  read?(external: ExternalRead): ObservedObject | readonly ObservedObject[] | undefined;
}

export type ObservedObject = Readonly<Record<string, unknown>>;
