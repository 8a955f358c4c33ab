import type { Mode, SecretsPolicy, TakesValues } from './cli/environment.ts';
import type { Environment } from './cli/environment.ts';
import type { Target } from './cli/target.ts';
import type { Cluster } from './cluster/cluster.ts';
import type { ClusterSource } from './cluster/source.ts';
import type { History } from './deploy/history.ts';
import type { RollbackResult } from './deploy/rollback.ts';
import type {
  DeployEvent,
  DeployOptions,
  DeployResult,
  DestroyOptions,
  Plan,
  StatusOptions,
  StatusResult,
  TargetOptions,
} from './deploy/options.ts';
import type { Access, AccessOptions } from './deploy/rbac.ts';
import type { Inputs } from './expr/expression.ts';
import type { StatusConditions } from './graph/conditions.ts';
import { toResourceGraph as buildGraph, type Graph, type GraphDefinition, type SchemaRef } from './graph/graph.ts';
import type { Resources } from './graph/resource.ts';
import type { ResourceGraphDefinition } from './kro/api.ts';
import type { ResolvedBody } from './resolve/resolution.ts';
import type { InferInput, InferSchema, UserSchema } from './schema/user-schema.ts';

/** What a deployment is allowed to do, as the flags of the command line. */
type Consents = Pick<
  DeployOptions,
  | 'adopt'
  | 'allowEmpty'
  | 'confirm'
  | 'historyMax'
  | 'migrate'
  | 'pruneAll'
  | 'repairRecord'
  | 'replace'
  | 'rollbackOnFailure'
  | 'take'
>;

/** Where and as what a graph is deployed. */
export interface FactoryOptions extends Consents, Pick<DestroyOptions, 'forceFinalizers'> {
  /** Never the current context of a kubeconfig: what is meant is written down. @default local() */
  readonly cluster?: ClusterSource;
  /** Made, and owned, when it is missing. @default 'default' */
  readonly namespace?: string;
  /** Name of the instance. @default the graph's name */
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** @default 'plain' */
  readonly secrets?: SecretsPolicy;
  /** An environment whose settings and values apply where nothing else is said. */
  readonly environment?: Environment;
  /** kro mode: kro's feature gates that are on in the cluster, such as `CELOmitFunction`. @default [] */
  readonly featureGates?: readonly string[];
  /** kro mode: `destroy` deletes the definition too, when no instance of it is left. @default false */
  readonly definition?: boolean;
  /** Milliseconds. @default 900000 */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Told what happens; never told values of Secrets. */
  readonly onEvent?: (event: DeployEvent) => void;
}

/** What `status` looks at beside the state of the objects. */
export type StatusQuestions = Pick<StatusOptions, 'why' | 'drift'>;

/** A graph that takes values of type `I` and has a status of type `T`. */
export type AnyGraph<I, T> = TakesValues<I> & Graph<unknown, T>;

/** The end of a deployment. */
export type Deployment<T> = Omit<DeployResult, 'status'> & {
  /** Fields whose data is not there yet are absent. */
  readonly status: Partial<T>;
};

/** Deploys graphs in one way to one place. */
export interface Factory {
  /** Applies the graph, waits until it is ready and gives its status. */
  deploy<I, T>(graph: AnyGraph<I, T>, values: I): Promise<Deployment<T>>;
  /** What `deploy` would change; writes nothing. */
  plan<I, T>(graph: AnyGraph<I, T>, values: I): Promise<Plan>;
  /** How it does; `why` adds pods, logs and expressions, `drift` what others changed. */
  status<I, T>(graph: AnyGraph<I, T>, values: I, options?: StatusQuestions): Promise<StatusResult>;
  /** Who deployed what and when, newest first. */
  history<I, T>(graph: AnyGraph<I, T>, values: I): Promise<History>;
  /** Restores a revision, by default the last good one before what is deployed now. */
  rollback<I, T>(graph: AnyGraph<I, T>, values: I, to?: number): Promise<RollbackResult>;
  /** Deletes the instance and waits until it is gone. */
  destroy<I, T>(graph: AnyGraph<I, T>, values: I): Promise<void>;
  /** The least permissions with which the graph can be planned, deployed and destroyed, as Roles. */
  rbac<I, T>(graph: AnyGraph<I, T>, values: I, options?: AccessOptions): Promise<Access>;
  /** The objects that direct mode would apply. Contacts nothing. */
  toManifests<I, T>(graph: AnyGraph<I, T>, values: I): Promise<ResolvedBody[]>;
  /** The ResourceGraphDefinitions of the graph: those of graphs that it makes instances of first. Contacts nothing. */
  toDefinitions<I, T>(graph: AnyGraph<I, T>): Promise<ResourceGraphDefinition[]>;
}

/** A {@link Factory} for one graph. */
export interface GraphFactory<I, T> {
  deploy(values: I): Promise<Deployment<T>>;
  plan(values: I): Promise<Plan>;
  status(values: I, options?: StatusQuestions): Promise<StatusResult>;
  history(values: I): Promise<History>;
  rollback(values: I, to?: number): Promise<RollbackResult>;
  destroy(values: I): Promise<void>;
  rbac(values: I, options?: AccessOptions): Promise<Access>;
  toManifests(values: I): Promise<ResolvedBody[]>;
  toDefinitions(): Promise<ResourceGraphDefinition[]>;
}

/** A graph that can deploy itself. */
export interface DeployableGraph<S, T, R, I = S> extends Graph<S, T, R, I>, TakesValues<I> {
  /** The same as the function {@link factory}, for this graph. */
  factory(mode: Mode, options?: FactoryOptions): GraphFactory<I, T>;
}

/**
 * Builds a graph from typed functions: which resources there are, and what its status says.
 *
 * @throws KubewrightError that lists every problem: duplicate or reserved ids, cycles, resources that are referenced but not
 *   returned, expressions that do not type-check (with their position), operators used as JavaScript conditions
 * @param conditions conditions of the status; without `Ready` among them kro's own is hidden
 * @example
 * const app = toResourceGraph(
 *   { name: 'web', apiVersion: 'example.com/v1', kind: 'Web', spec: type({ image: 'string' }), status: type({ ready: 'boolean' }) },
 *   (schema) => ({ web: simple.Deployment({ name: 'web', image: schema.spec.image }) }),
 *   (_schema, { web }) => ({ ready: web.status.readyReplicas.orElse(0).gt(0) }),
 * );
 */
export function toResourceGraph<const Spec extends UserSchema, const Status extends UserSchema, R extends Resources>(
  definition: GraphDefinition<Spec, Status>,
  resources: (schema: SchemaRef<InferSchema<Spec>>) => R,
  status?: (schema: SchemaRef<InferSchema<Spec>>, resources: R) => Inputs<InferSchema<Status>>,
  conditions?: (schema: SchemaRef<InferSchema<Spec>>, resources: R) => StatusConditions,
): DeployableGraph<InferSchema<Spec>, InferSchema<Status>, R, InferInput<Spec>> {
  const graph = buildGraph(definition, resources, status, conditions);
  const deployable: DeployableGraph<InferSchema<Spec>, InferSchema<Status>, R, InferInput<Spec>> = Object.freeze({
    ...graph,
    factory: (mode: Mode, options?: FactoryOptions) => bind(deployable, factory(mode, options)),
  });
  return deployable;
}

function bind<S, T, R, I>(graph: DeployableGraph<S, T, R, I>, made: Factory): GraphFactory<I, T> {
  const any = graph as AnyGraph<I, T>;
  return {
    deploy: (values) => made.deploy(any, values),
    plan: (values) => made.plan(any, values),
    status: (values, options) => made.status(any, values, options),
    history: (values) => made.history(any, values),
    rollback: (values, to) => made.rollback(any, values, to),
    destroy: (values) => made.destroy(any, values),
    rbac: (values, options) => made.rbac(any, values, options),
    toManifests: (values) => made.toManifests(any, values),
    toDefinitions: () => made.toDefinitions(any),
  };
}

/**
 * A way to deploy graphs from a program: `'direct'` applies the objects itself, `'kro'` lets kro make them.
 *
 * @example
 * const { status } = await factory('direct', { namespace: 'dev' }).deploy(app, { image: 'nginx' });
 */
export function factory(mode: Mode, options: FactoryOptions = {}): Factory {
  return {
    deploy: (graph, values) =>
      onCluster({ mode, options }, graph, values, async (target, base) => {
        const { deploy } = await import('./deploy/deploy.ts');
        return deploy(target.graph, { ...base, ...consentsOf(options) }) as Promise<Deployment<never>>;
      }),
    plan: (graph, values) =>
      onCluster({ mode, options }, graph, values, async (target, base) =>
        (await import('./deploy/plan.ts')).plan(target.graph, { ...base, ...consentsOf(options) }),
      ),
    status: (graph, values, asked = {}) =>
      onCluster({ mode, options }, graph, values, async (target, base) =>
        (await import('./deploy/status.ts')).status(target.graph, { ...base, ...asked }),
      ),
    history: (graph, values) =>
      onCluster({ mode, options }, graph, values, async (target, base) =>
        (await import('./deploy/history.ts')).history(target.graph, base),
      ),
    rollback: (graph, values, to) =>
      onCluster({ mode, options }, graph, values, async (target, base) =>
        (await import('./deploy/rollback.ts')).rollback(target.graph, {
          ...base,
          ...consentsOf({ ...options, migrate: false, repairRecord: false, rollbackOnFailure: false }),
          to,
        }),
      ),
    destroy: (graph, values) =>
      onCluster({ mode, options }, graph, values, async (target, base) => {
        const { definition, forceFinalizers, confirm } = options;
        await (await import('./deploy/destroy.ts')).destroy(target.graph, {
          ...base,
          definition,
          forceFinalizers,
          confirm,
        });
      }),
    rbac: (graph, values, access = {}) =>
      onCluster({ mode, options }, graph, values, async (target, base) =>
        (await import('./deploy/rbac.ts')).rbac(target.graph, { ...base, ...access }),
      ),
    toManifests: async (graph, values) => {
      const { graph: made, instance } = await targetOf({ mode: 'direct', options }, graph, values);
      const { resolveOffline } = await import('./resolve/offline.ts');
      // The caller's own: what is resolved is shared with the graph.
      return resolveOffline(made, instance).objects.map(({ object }) => structuredClone(object));
    },
    toDefinitions: async (graph) => {
      const [{ definitionsOf }, { toDefinition }] = await Promise.all([
        import('./kro/chain.ts'),
        import('./kro/definition.ts'),
      ]);
      return definitionsOf(graph as Graph).map((member) =>
        toDefinition(member, { featureGates: options.featureGates }),
      );
    },
  };
}

interface Way {
  readonly mode: Mode;
  readonly options: FactoryOptions;
}

/** The upper layers load when they are used: importing the library stays cheap. */
async function targetOf({ mode, options }: Way, graph: Graph, values: unknown): Promise<Target> {
  const [{ defineEnvironment }, { prepareTarget }, { local }] = await Promise.all([
    import('./cli/environment.ts'),
    import('./cli/target.ts'),
    import('./cluster/source.ts'),
  ]);
  const {
    environment: base,
    cluster = base?.cluster ?? local(),
    namespace,
    name,
    labels,
    annotations,
    secrets,
    featureGates,
  } = options;
  const environment = defineEnvironment({
    ...(base && { extends: base }),
    mode,
    cluster,
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { names: { [graph.name]: name } }),
    ...(labels && { labels }),
    ...(annotations && { annotations }),
    ...(secrets !== undefined && { secrets }),
    ...(featureGates && { featureGates }),
    values: { [graph.name]: values as object },
  });
  return prepareTarget(graph, { name: 'factory', file: `factory('${mode}')`, environment });
}

async function onCluster<T>(
  way: Way,
  graph: Graph,
  values: unknown,
  work: (target: Target, base: TargetOptions) => Promise<T>,
): Promise<T> {
  const target = await targetOf(way, graph, values);
  const [{ connect }, { targetOptions }] = await Promise.all([
    import('./cluster/connect.ts'),
    import('./cli/session.ts'),
  ]);
  const cluster: Cluster = await connect(target.cluster);
  const { timeoutMs, signal, onEvent } = way.options;
  try {
    return await work(target, { ...targetOptions(target, cluster, signal), timeoutMs, onEvent });
  } finally {
    cluster.close();
  }
}

function consentsOf(options: FactoryOptions): Consents {
  const { adopt, allowEmpty, confirm, historyMax, migrate, pruneAll, repairRecord, replace, rollbackOnFailure, take } =
    options;
  return { adopt, allowEmpty, confirm, historyMax, migrate, pruneAll, repairRecord, replace, rollbackOnFailure, take };
}
