import type { IPolicyRule } from 'kubernetes-models/rbac.authorization.k8s.io/v1/PolicyRule';
import type { IRole } from 'kubernetes-models/rbac.authorization.k8s.io/v1/Role';
import type { IRoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1/RoleBinding';
import type { ISubject } from 'kubernetes-models/rbac.authorization.k8s.io/v1/Subject';
import type { INamespace } from 'kubernetes-models/v1/Namespace';
import type { IServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import type { Input, Inputs } from '../expr/expression.ts';
import { schemaReference } from '../graph/schema-reference.ts';
import { appLabel } from './app-name.ts';
import { core, rbac } from './kinds.generated.ts';
import { type Named, type Namespaced, named, namespaced, type Shorthand, shorthand } from './shorthand.ts';

export interface ServiceAccountProperties extends Namespaced {
  /** Such as the cloud role that its pods take on. */
  readonly annotations?: Inputs<Record<string, string>> | undefined;
  /** Secrets of the registries that its pods pull from. */
  readonly imagePullSecrets?: Inputs<{ name: string }[]> | undefined;
  /** @default true, by the server */
  readonly automountServiceAccountToken?: Input<boolean> | undefined;
}

export interface RoleProperties extends Namespaced {
  readonly rules: Inputs<IPolicyRule[]>;
}

export interface RoleBindingProperties extends Namespaced {
  /** Name of a Role of the same namespace; either this or `clusterRole`. */
  readonly role?: Input<string> | undefined;
  /** Name of a ClusterRole; either this or `role`. */
  readonly clusterRole?: Input<string> | undefined;
  /** Names of ServiceAccounts of the same namespace. */
  readonly serviceAccounts?: readonly Input<string>[] | undefined;
  /** Users, groups, and ServiceAccounts of other namespaces. */
  readonly subjects?: readonly Inputs<ISubject>[] | undefined;
}

export interface NamespaceProperties extends Named {
  /** Such as the level of pod security that it asks for. */
  readonly labels?: Inputs<Record<string, string>> | undefined;
  readonly annotations?: Inputs<Record<string, string>> | undefined;
}

/**
 * A ServiceAccount.
 *
 * @example
 * simple.ServiceAccount({ name: 'worker' });
 */
export const ServiceAccount: Shorthand<ServiceAccountProperties, IServiceAccount> = shorthand({
  kind: core.v1.ServiceAccount,
  properties: {
    ...namespaced,
    annotations: 'optional',
    imagePullSecrets: 'optional',
    automountServiceAccountToken: 'optional',
  },
  body: ({ name, namespace, annotations, imagePullSecrets, automountServiceAccountToken }) => ({
    metadata: { name, namespace, labels: appLabel(name), annotations },
    imagePullSecrets,
    automountServiceAccountToken,
  }),
});

/**
 * A Role.
 *
 * @example
 * simple.Role({ name: 'worker', rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'watch'] }] });
 */
export const Role: Shorthand<RoleProperties, IRole> = shorthand({
  kind: rbac.v1.Role,
  properties: { ...namespaced, rules: 'required' },
  body: ({ name, namespace, rules }) => ({ metadata: { name, namespace, labels: appLabel(name) }, rules }),
});

/**
 * A RoleBinding.
 *
 * @throws KubewrightError `RoleReference` without a role, or with two
 * @example
 * simple.RoleBinding({ name: 'worker', role: 'worker', serviceAccounts: ['worker'] });
 */
export const RoleBinding: Shorthand<RoleBindingProperties, IRoleBinding> = shorthand({
  kind: rbac.v1.RoleBinding,
  properties: {
    ...namespaced,
    role: 'optional',
    clusterRole: 'optional',
    serviceAccounts: 'optional',
    subjects: 'optional',
  },
  body: ({ name, namespace, role, clusterRole, serviceAccounts = [], subjects = [] }, refuse) => {
    if ((role === undefined) === (clusterRole === undefined)) {
      const message = role === undefined ? 'needs a role' : 'has two roles, role and clusterRole';
      refuse({ code: 'RoleReference', path: 'role', message, hint: 'Give it either role or clusterRole.' });
    }
    // A subject has to name its namespace, also where it is that of the binding.
    const home = namespace ?? schemaReference().metadata.namespace;
    return {
      metadata: { name, namespace, labels: appLabel(name) },
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: role === undefined ? 'ClusterRole' : 'Role',
        name: role ?? clusterRole,
      },
      subjects: [
        ...serviceAccounts.map((account) => ({ kind: 'ServiceAccount', name: account, namespace: home })),
        ...subjects,
      ],
    };
  },
});

/**
 * A Namespace.
 *
 * @example
 * simple.Namespace({ name: 'team-a', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } });
 */
export const Namespace: Shorthand<NamespaceProperties, INamespace> = shorthand({
  kind: core.v1.Namespace,
  properties: { ...named, labels: 'optional', annotations: 'optional' },
  body: ({ name, labels, annotations }) => ({ metadata: { name, labels, annotations } }),
});
