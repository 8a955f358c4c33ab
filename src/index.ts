// oxlint-disable-next-line import/no-unassigned-import -- it runs before everything else
import './node-version.ts';
// oxlint-disable-next-line import/no-unassigned-import -- what is wrong in a stack file is said well from here on
import './uncaught.ts';

export {
  defineEnvironment,
  type DefinitionName,
  type Environment,
  type EnvironmentDefinition,
  type Mode,
  type SecretsPolicy,
} from './cli/environment.ts';
export type { History, HistoryEntry } from './deploy/history.ts';
export type { DeployedObject, DeployEvent, Plan, PlannedChange, StatusResult } from './deploy/options.ts';
export type { RollbackResult } from './deploy/rollback.ts';
export { type ClusterSource, context, inCluster, local } from './cluster/source.ts';
export { KubewrightError } from './errors.ts';
export { Cel } from './expr/cel.ts';
export type {
  BoolExpr,
  Expr,
  Input,
  Inputs,
  ListExpr,
  NumberExpr,
  Ref,
  StringExpr,
} from './expr/expression.ts';
export { field } from './expr/field.ts';
export type {
  BytesExpr,
  CidrExpr,
  DurationExpr,
  IpExpr,
  OptionalExpr,
  QuantityExpr,
  SemverExpr,
  TimestampExpr,
  UrlExpr,
} from './expr/opaque.ts';
export {
  type DeployableGraph,
  type Deployment,
  type Factory,
  factory,
  type FactoryOptions,
  type GraphFactory,
  type StatusQuestions,
  toResourceGraph,
} from './factory.ts';
export type { StatusCondition, StatusConditions } from './graph/conditions.ts';
export type { FieldRules, PrinterColumn } from './graph/crd-parts.ts';
export type { Graph, GraphDefinition, GraphNode, SchemaRef } from './graph/graph.ts';
export {
  type CollectionRef,
  forEach,
  type Resource,
  type ResourceOptions,
  type ResourceRef,
  type Resources,
} from './graph/resource.ts';
export { external } from './k8s/external.ts';
export { type Kind, kind } from './k8s/kind.ts';
export { fromEnv, fromFile } from './k8s/secret-sources.ts';
export * as simple from './k8s/simple.ts';
export { run } from './run.ts';
