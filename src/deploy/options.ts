import type { Cluster } from '../cluster/cluster.ts';
import type { Deferred } from '../expr/value.ts';
import type { SavedPlan } from './saved-plan.ts';
import type { Instance } from '../resolve/resolution.ts';
import type { Commit } from './revisions.ts';

/** How a graph is run: its objects applied by this library, or by kro from a ResourceGraphDefinition. */
export type Mode = 'direct' | 'kro';

/** Where the values of one Secret come from: the graph, an object that somebody else makes, or these values by key. */
export type SecretSource = 'plain' | 'existing' | Readonly<Record<string, string | Deferred>>;

/** The source of all Secrets, or of each one by its id in the graph. */
export type SecretsPolicy = 'plain' | 'existing' | Readonly<Record<string, SecretSource>>;

/** The deployment that a call is about. */
export interface TargetOptions {
  readonly cluster: Cluster;
  readonly mode: Mode;
  /** Name, namespace and valid values of the instance. */
  readonly instance: Instance;
  /** UID of the namespace `kube-system` of the cluster that is meant; any other one is refused. @default not looked at */
  readonly clusterId?: string | undefined;
  /** @default 'plain' */
  readonly secrets?: SecretsPolicy | undefined;
  /** kro mode: kro's feature gates that are on in the cluster, such as `CELOmitFunction`. @default [] */
  readonly featureGates?: readonly string[] | undefined;
  /** Called for everything that happens, for progress. Never holds values of Secrets. */
  readonly onEvent?: ((event: DeployEvent) => void) | undefined;
  /** Stops after the requests that are running; the error then says what is left. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Milliseconds until the whole call is given up.
   * @default 900000
   */
  readonly timeoutMs?: number | undefined;
}

/** What a call says about the record of a deployment. */
export interface RecordOptions {
  /** How many revisions the record keeps that can be restored; at least 2. @default 10 */
  readonly historyMax?: number | undefined;
  /** Makes a record that cannot be read anew, without its history; what is not in the graph then stays. @default false */
  readonly repairRecord?: boolean | undefined;
  /** The commit that the graph comes from, for the record; asked for only by a call that changes something. */
  readonly commit?: (() => Promise<Commit | undefined>) | undefined;
}

/** Options of `deploy` and `plan`. */
export interface DeployOptions extends TargetOptions, RecordOptions {
  /** Takes over objects that exist and are not part of this deployment. @default false */
  readonly adopt?: boolean | undefined;
  /**
   * Fields that are taken over from their managers: `spec.replicas` of every object, or `web:spec.replicas` of one resource.
   * One that no object has is refused (code `NothingToTake`). @default []
   */
  readonly take?: readonly string[] | undefined;
  /**
   * Deletes and creates anew objects whose change is in fields that cannot change; only when a dry run says that the new one
   * would be accepted. @default false
   */
  readonly replace?: boolean | undefined;
  /** Lets a deployment delete more than half of what it consists of. @default false */
  readonly allowEmpty?: boolean | undefined;
  /**
   * Also deletes Namespaces, CRDs, PersistentVolumeClaims and PersistentVolumes that are no longer in the graph; and lets `replace`
   * make volumes anew. @default false
   */
  readonly pruneAll?: boolean | undefined;
  /**
   * Moves a deployment from the other mode, or from another definition, to this one: objects change hands, and none is deleted
   * or made anew. @default false
   */
  readonly migrate?: boolean | undefined;
  /** A plan that was saved: the deployment is refused when anything that it was made from moved since then. */
  readonly saved?: SavedPlan | undefined;
  /** Restores what was there before when the deployment fails (code `RolledBack`); not when it is stopped. @default false */
  readonly rollbackOnFailure?: boolean | undefined;
  /** Asked with the plan before the first write; `false` ends the call with code `Declined`. Not asked when nothing changes. */
  readonly confirm?: ((plan: Plan) => boolean | Promise<boolean>) | undefined;
}

/** Options of `status`. */
export interface StatusOptions extends TargetOptions {
  /** Also looks at pods, events, logs and expressions of what is not ready. @default false */
  readonly why?: boolean | undefined;
  /** Also compares the objects with what was deployed. @default false */
  readonly drift?: boolean | undefined;
}

/** Options of `destroy`. */
export interface DestroyOptions extends TargetOptions {
  /**
   * Finalizers that are taken off objects of this deployment which they still hold after 10 s. What their controllers
   * would have cleaned up may be left. @default []
   */
  readonly forceFinalizers?: readonly string[] | undefined;
  /** In kro mode: deletes the ResourceGraphDefinition too, when no instance of it is left. @default false */
  readonly definition?: boolean | undefined;
  /** Asked with what will be deleted before the first write; `false` ends the call with code `Declined`. */
  readonly confirm?: ((plan: Plan) => boolean | Promise<boolean>) | undefined;
}

/** The address of an object and what the graph calls it. */
export interface ObjectAddress {
  /** Name and position for people: `workers[2]`, `shop/userDeployment`. */
  readonly label: string;
  readonly apiVersion: string;
  readonly kind: string;
  /** Absent for cluster-scoped kinds. */
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** What happens to an object. `replace`: it is deleted and created anew. `adopt`: it exists and is not part of this deployment. `check`: it is read, not made. */
export type ChangeAction = 'create' | 'update' | 'replace' | 'unchanged' | 'adopt' | 'delete' | 'check';

/** One field that changes; values of Secrets are replaced by `(secret)`. */
export interface FieldChange {
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** What a deployment would do to one object. */
export interface PlannedChange extends ObjectAddress {
  readonly action: ChangeAction;
  /** Of an update or an adoption: the fields that change or go, as the server's dry run answered. */
  readonly fields: readonly FieldChange[];
}

/** A resource whose content is known only while deploying. */
export interface PendingNode {
  readonly path: string;
  readonly reason: string;
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  /** Where it is known already. */
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  /** `create`: it will be so many objects, which this deployment does not have yet. Absent: only the cluster will tell. */
  readonly action?: 'create';
  readonly objects?: number;
  /** Fields whose values only the cluster will have, as the expressions that give them; `(secret)` in Secrets. */
  readonly unknown: readonly { readonly path: string; readonly expression: string }[];
}

/** What a deployment does to what runs. */
export interface Impact {
  /** Workloads whose pods are made anew, or end, and the fields that are the reason. */
  readonly restarts: readonly (ObjectAddress & {
    readonly effect: 'restart' | 'end';
    readonly because: readonly string[];
  })[];
  /** Services that have pods of this deployment behind them now and will have none, or will be gone. */
  readonly endpoints: readonly ObjectAddress[];
}

/** What a deployment would do. */
export interface Plan {
  readonly changes: readonly PlannedChange[];
  /** Resources whose content is known only later, and what they wait for. */
  readonly pending: readonly PendingNode[];
  /** What happens to what runs; absent where that cannot be known, which a warning says. */
  readonly impact?: Impact | undefined;
  /** Set when the namespace of the instance will be created. */
  readonly createsNamespace?: string | undefined;
  /** Of `destroy`: set when the namespace of the instance goes too, if nothing else is in it. */
  readonly deletesNamespace?: string | undefined;
  /** Whether any request of the deployment would write. */
  readonly changed: boolean;
  /** What one should know before saying yes, such as other instances of a definition that changes. */
  readonly warnings: readonly string[];
  /** Why the deployment would be refused. */
  readonly problems: readonly Error[];
}

/** What a deployment did to one object. */
export interface DeployedObject extends ObjectAddress {
  readonly action: 'created' | 'updated' | 'replaced' | 'unchanged' | 'adopted' | 'deleted' | 'checked';
  readonly ready: boolean;
  /** In kro mode: made by kro, from what was applied. */
  readonly by?: 'kro';
}

/** The end of a deployment. */
export interface DeployResult {
  /** The status of the instance, as the graph defines it. */
  readonly status: Record<string, unknown>;
  /** Status fields whose data is not there, and why. */
  readonly statusPending: readonly { readonly field: string; readonly reason: string }[];
  readonly objects: readonly DeployedObject[];
  /** Set when the namespace of the instance was created. */
  readonly createdNamespace?: string;
  /** Requests that changed something, the bookkeeping included. */
  readonly writes: number;
  /** Milliseconds. */
  readonly duration: number;
}

/** The state of a deployment that exists. */
export interface StatusResult {
  /** `false` when nothing of it exists. */
  readonly deployed: boolean;
  readonly status: Record<string, unknown>;
  readonly statusPending: readonly { readonly field: string; readonly reason: string }[];
  readonly objects: readonly ObjectState[];
  readonly pending: readonly { readonly path: string; readonly reason: string }[];
  /** With `why`: expressions that keep something from being ready, and those that status fields are computed from. */
  readonly expressions?: readonly ExpressionReason[];
  /** With `drift`: what others did to the deployment since it was made. */
  readonly drift?: readonly Drift[];
}

/** An expression, its value or why it has none, and those of its parts. Values of Secrets are replaced by `(secret)`. */
export interface ExpressionTree {
  readonly expression: string;
  readonly value?: unknown;
  readonly error?: string;
  readonly parts: readonly ExpressionTree[];
}

/** Where an expression stands: `readyWhen` or `includeWhen` of the resource at `path`, or a field of the status. */
export interface ExpressionReason extends ExpressionTree {
  readonly path: string;
  readonly field: string;
}

/** Something that somebody else did to an object of a deployment. */
export interface Drift extends ObjectAddress {
  /**
   * `released`: it is there, and does not carry the label of this deployment any more. `field`: one field of it changed.
   * `unknown`: it was not compared, as what it should be is not known.
   */
  readonly change: 'deleted' | 'released' | 'field' | 'unknown';
  readonly path?: string;
  /** Field manager that has the field now. */
  readonly manager?: string;
  readonly wanted?: unknown;
  readonly found?: unknown;
  readonly reason: string;
}

/** One object of a deployment and how it does. */
export interface ObjectState extends ObjectAddress {
  /** With `drift`, `undeployed`: it is in the graph, and no deployment was asked for it yet. */
  readonly state: 'ready' | 'waiting' | 'failed' | 'missing' | 'undeployed';
  /** Why it is not ready. */
  readonly reason?: string | undefined;
  /** With `why`: its pods, their last words, warnings about all of them. */
  readonly details?: readonly string[];
}

/** Something that happened. */
export type DeployEvent =
  | { readonly type: 'plan'; readonly plan: Plan }
  | {
      readonly type: 'namespace';
      readonly name: string;
      readonly action: 'created' | 'deleted' | 'kept';
      readonly reason?: string;
    }
  | { readonly type: 'lock'; readonly holder: string }
  | { readonly type: 'object'; readonly object: ObjectAddress; readonly action: DeployedObject['action'] }
  | { readonly type: 'waiting'; readonly object: ObjectAddress; readonly reason: string }
  | { readonly type: 'ready'; readonly object: ObjectAddress }
  | { readonly type: 'problem'; readonly object: ObjectAddress; readonly reason: string }
  | { readonly type: 'pending'; readonly path: string; readonly reason: string }
  | { readonly type: 'retry'; readonly object: ObjectAddress; readonly reason: string }
  | { readonly type: 'warning'; readonly message: string };
