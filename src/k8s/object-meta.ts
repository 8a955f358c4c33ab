import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap';
import type { IDeploymentSpec } from 'kubernetes-models/apps/v1/DeploymentSpec';

// Taken from the kinds that use them: their own module belongs to a package that this one does not depend on itself.
/** The metadata of an object as the cluster has it. */
export type ObjectMeta = NonNullable<IConfigMap['metadata']>;
export type LabelSelector = IDeploymentSpec['selector'];
