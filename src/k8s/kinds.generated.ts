// The kinds of Kubernetes 1.36. Made by: node scripts/generate-kinds.mjs
import { type Kind, kind } from './kind.ts';

export const core = {
  v1: {
    Binding: kind({ apiVersion: 'v1', kind: 'Binding', namespaced: true }) as Kind<import('kubernetes-models/v1/Binding').IBinding>,
    ConfigMap: kind({ apiVersion: 'v1', kind: 'ConfigMap', namespaced: true }) as Kind<import('kubernetes-models/v1/ConfigMap').IConfigMap>,
    Endpoints: kind({ apiVersion: 'v1', kind: 'Endpoints', namespaced: true }) as Kind<import('kubernetes-models/v1/Endpoints').IEndpoints>,
    Event: kind({ apiVersion: 'v1', kind: 'Event', namespaced: true }) as Kind<import('kubernetes-models/v1/Event').IEvent>,
    LimitRange: kind({ apiVersion: 'v1', kind: 'LimitRange', namespaced: true }) as Kind<import('kubernetes-models/v1/LimitRange').ILimitRange>,
    Namespace: kind({ apiVersion: 'v1', kind: 'Namespace', namespaced: false }) as Kind<import('kubernetes-models/v1/Namespace').INamespace>,
    Node: kind({ apiVersion: 'v1', kind: 'Node', namespaced: false }) as Kind<import('kubernetes-models/v1/Node').INode>,
    PersistentVolume: kind({ apiVersion: 'v1', kind: 'PersistentVolume', namespaced: false }) as Kind<import('kubernetes-models/v1/PersistentVolume').IPersistentVolume>,
    PersistentVolumeClaim: kind({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespaced: true }) as Kind<import('kubernetes-models/v1/PersistentVolumeClaim').IPersistentVolumeClaim>,
    Pod: kind({ apiVersion: 'v1', kind: 'Pod', namespaced: true }) as Kind<import('kubernetes-models/v1/Pod').IPod>,
    PodTemplate: kind({ apiVersion: 'v1', kind: 'PodTemplate', namespaced: true }) as Kind<import('kubernetes-models/v1/PodTemplate').IPodTemplate>,
    ReplicationController: kind({ apiVersion: 'v1', kind: 'ReplicationController', namespaced: true }) as Kind<import('kubernetes-models/v1/ReplicationController').IReplicationController>,
    ResourceQuota: kind({ apiVersion: 'v1', kind: 'ResourceQuota', namespaced: true }) as Kind<import('kubernetes-models/v1/ResourceQuota').IResourceQuota>,
    Secret: kind({ apiVersion: 'v1', kind: 'Secret', namespaced: true }) as Kind<import('kubernetes-models/v1/Secret').ISecret>,
    Service: kind({ apiVersion: 'v1', kind: 'Service', namespaced: true }) as Kind<import('kubernetes-models/v1/Service').IService>,
    ServiceAccount: kind({ apiVersion: 'v1', kind: 'ServiceAccount', namespaced: true }) as Kind<import('kubernetes-models/v1/ServiceAccount').IServiceAccount>,
  },
} as const;

export const admissionregistration = {
  v1: {
    MutatingAdmissionPolicy: kind({ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingAdmissionPolicy', namespaced: false }) as Kind<import('kubernetes-models/admissionregistration.k8s.io/v1/MutatingAdmissionPolicy').IMutatingAdmissionPolicy>,
    MutatingAdmissionPolicyBinding: kind({ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingAdmissionPolicyBinding', namespaced: false }) as Kind<import('kubernetes-models/admissionregistration.k8s.io/v1/MutatingAdmissionPolicyBinding').IMutatingAdmissionPolicyBinding>,
    MutatingWebhookConfiguration: kind({ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration', namespaced: false }) as Kind<import('kubernetes-models/admissionregistration.k8s.io/v1/MutatingWebhookConfiguration').IMutatingWebhookConfiguration>,
    ValidatingAdmissionPolicy: kind({ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', namespaced: false }) as Kind<import('kubernetes-models/admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy').IValidatingAdmissionPolicy>,
    ValidatingAdmissionPolicyBinding: kind({ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicyBinding', namespaced: false }) as Kind<import('kubernetes-models/admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding').IValidatingAdmissionPolicyBinding>,
    ValidatingWebhookConfiguration: kind({ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', namespaced: false }) as Kind<import('kubernetes-models/admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration').IValidatingWebhookConfiguration>,
  },
} as const;

export const apiextensions = {
  v1: {
    CustomResourceDefinition: kind({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', namespaced: false }) as Kind<import('kubernetes-models/apiextensions.k8s.io/v1/CustomResourceDefinition').ICustomResourceDefinition>,
  },
} as const;

export const apiregistration = {
  v1: {
    APIService: kind({ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', namespaced: false }) as Kind<import('kubernetes-models/apiregistration.k8s.io/v1/APIService').IAPIService>,
  },
} as const;

export const apps = {
  v1: {
    ControllerRevision: kind({ apiVersion: 'apps/v1', kind: 'ControllerRevision', namespaced: true }) as Kind<import('kubernetes-models/apps/v1/ControllerRevision').IControllerRevision>,
    DaemonSet: kind({ apiVersion: 'apps/v1', kind: 'DaemonSet', namespaced: true }) as Kind<import('kubernetes-models/apps/v1/DaemonSet').IDaemonSet>,
    Deployment: kind({ apiVersion: 'apps/v1', kind: 'Deployment', namespaced: true }) as Kind<import('kubernetes-models/apps/v1/Deployment').IDeployment>,
    ReplicaSet: kind({ apiVersion: 'apps/v1', kind: 'ReplicaSet', namespaced: true }) as Kind<import('kubernetes-models/apps/v1/ReplicaSet').IReplicaSet>,
    StatefulSet: kind({ apiVersion: 'apps/v1', kind: 'StatefulSet', namespaced: true }) as Kind<import('kubernetes-models/apps/v1/StatefulSet').IStatefulSet>,
  },
} as const;

export const authentication = {
  v1: {
    SelfSubjectReview: kind({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', namespaced: false }) as Kind<import('kubernetes-models/authentication.k8s.io/v1/SelfSubjectReview').ISelfSubjectReview>,
    TokenReview: kind({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', namespaced: false }) as Kind<import('kubernetes-models/authentication.k8s.io/v1/TokenReview').ITokenReview>,
  },
} as const;

export const authorization = {
  v1: {
    LocalSubjectAccessReview: kind({ apiVersion: 'authorization.k8s.io/v1', kind: 'LocalSubjectAccessReview', namespaced: true }) as Kind<import('kubernetes-models/authorization.k8s.io/v1/LocalSubjectAccessReview').ILocalSubjectAccessReview>,
    SelfSubjectAccessReview: kind({ apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', namespaced: false }) as Kind<import('kubernetes-models/authorization.k8s.io/v1/SelfSubjectAccessReview').ISelfSubjectAccessReview>,
    SelfSubjectRulesReview: kind({ apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', namespaced: false }) as Kind<import('kubernetes-models/authorization.k8s.io/v1/SelfSubjectRulesReview').ISelfSubjectRulesReview>,
    SubjectAccessReview: kind({ apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', namespaced: false }) as Kind<import('kubernetes-models/authorization.k8s.io/v1/SubjectAccessReview').ISubjectAccessReview>,
  },
} as const;

export const autoscaling = {
  v1: {
    HorizontalPodAutoscaler: kind({ apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler', namespaced: true }) as Kind<import('kubernetes-models/autoscaling/v1/HorizontalPodAutoscaler').IHorizontalPodAutoscaler>,
  },
  v2: {
    HorizontalPodAutoscaler: kind({ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', namespaced: true }) as Kind<import('kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler').IHorizontalPodAutoscaler>,
  },
} as const;

export const batch = {
  v1: {
    CronJob: kind({ apiVersion: 'batch/v1', kind: 'CronJob', namespaced: true }) as Kind<import('kubernetes-models/batch/v1/CronJob').ICronJob>,
    Job: kind({ apiVersion: 'batch/v1', kind: 'Job', namespaced: true }) as Kind<import('kubernetes-models/batch/v1/Job').IJob>,
  },
} as const;

export const certificates = {
  v1: {
    CertificateSigningRequest: kind({ apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', namespaced: false }) as Kind<import('kubernetes-models/certificates.k8s.io/v1/CertificateSigningRequest').ICertificateSigningRequest>,
  },
} as const;

export const coordination = {
  v1: {
    Lease: kind({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespaced: true }) as Kind<import('kubernetes-models/coordination.k8s.io/v1/Lease').ILease>,
  },
} as const;

export const discovery = {
  v1: {
    EndpointSlice: kind({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespaced: true }) as Kind<import('kubernetes-models/discovery.k8s.io/v1/EndpointSlice').IEndpointSlice>,
  },
} as const;

export const events = {
  v1: {
    Event: kind({ apiVersion: 'events.k8s.io/v1', kind: 'Event', namespaced: true }) as Kind<import('kubernetes-models/events.k8s.io/v1/Event').IEvent>,
  },
} as const;

export const flowcontrol = {
  v1: {
    FlowSchema: kind({ apiVersion: 'flowcontrol.apiserver.k8s.io/v1', kind: 'FlowSchema', namespaced: false }) as Kind<import('kubernetes-models/flowcontrol.apiserver.k8s.io/v1/FlowSchema').IFlowSchema>,
    PriorityLevelConfiguration: kind({ apiVersion: 'flowcontrol.apiserver.k8s.io/v1', kind: 'PriorityLevelConfiguration', namespaced: false }) as Kind<import('kubernetes-models/flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration').IPriorityLevelConfiguration>,
  },
} as const;

export const networking = {
  v1: {
    IPAddress: kind({ apiVersion: 'networking.k8s.io/v1', kind: 'IPAddress', namespaced: false }) as Kind<import('kubernetes-models/networking.k8s.io/v1/IPAddress').IIPAddress>,
    Ingress: kind({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', namespaced: true }) as Kind<import('kubernetes-models/networking.k8s.io/v1/Ingress').IIngress>,
    IngressClass: kind({ apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', namespaced: false }) as Kind<import('kubernetes-models/networking.k8s.io/v1/IngressClass').IIngressClass>,
    NetworkPolicy: kind({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespaced: true }) as Kind<import('kubernetes-models/networking.k8s.io/v1/NetworkPolicy').INetworkPolicy>,
    ServiceCIDR: kind({ apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', namespaced: false }) as Kind<import('kubernetes-models/networking.k8s.io/v1/ServiceCIDR').IServiceCIDR>,
  },
} as const;

export const node = {
  v1: {
    RuntimeClass: kind({ apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', namespaced: false }) as Kind<import('kubernetes-models/node.k8s.io/v1/RuntimeClass').IRuntimeClass>,
  },
} as const;

export const policy = {
  v1: {
    PodDisruptionBudget: kind({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', namespaced: true }) as Kind<import('kubernetes-models/policy/v1/PodDisruptionBudget').IPodDisruptionBudget>,
  },
} as const;

export const rbac = {
  v1: {
    ClusterRole: kind({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', namespaced: false }) as Kind<import('kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRole').IClusterRole>,
    ClusterRoleBinding: kind({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', namespaced: false }) as Kind<import('kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRoleBinding').IClusterRoleBinding>,
    Role: kind({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', namespaced: true }) as Kind<import('kubernetes-models/rbac.authorization.k8s.io/v1/Role').IRole>,
    RoleBinding: kind({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', namespaced: true }) as Kind<import('kubernetes-models/rbac.authorization.k8s.io/v1/RoleBinding').IRoleBinding>,
  },
} as const;

export const resource = {
  v1: {
    DeviceClass: kind({ apiVersion: 'resource.k8s.io/v1', kind: 'DeviceClass', namespaced: false }) as Kind<import('kubernetes-models/resource.k8s.io/v1/DeviceClass').IDeviceClass>,
    ResourceClaim: kind({ apiVersion: 'resource.k8s.io/v1', kind: 'ResourceClaim', namespaced: true }) as Kind<import('kubernetes-models/resource.k8s.io/v1/ResourceClaim').IResourceClaim>,
    ResourceClaimTemplate: kind({ apiVersion: 'resource.k8s.io/v1', kind: 'ResourceClaimTemplate', namespaced: true }) as Kind<import('kubernetes-models/resource.k8s.io/v1/ResourceClaimTemplate').IResourceClaimTemplate>,
    ResourceSlice: kind({ apiVersion: 'resource.k8s.io/v1', kind: 'ResourceSlice', namespaced: false }) as Kind<import('kubernetes-models/resource.k8s.io/v1/ResourceSlice').IResourceSlice>,
  },
} as const;

export const scheduling = {
  v1: {
    PriorityClass: kind({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', namespaced: false }) as Kind<import('kubernetes-models/scheduling.k8s.io/v1/PriorityClass').IPriorityClass>,
  },
} as const;

export const storage = {
  v1: {
    CSIDriver: kind({ apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', namespaced: false }) as Kind<import('kubernetes-models/storage.k8s.io/v1/CSIDriver').ICSIDriver>,
    CSINode: kind({ apiVersion: 'storage.k8s.io/v1', kind: 'CSINode', namespaced: false }) as Kind<import('kubernetes-models/storage.k8s.io/v1/CSINode').ICSINode>,
    CSIStorageCapacity: kind({ apiVersion: 'storage.k8s.io/v1', kind: 'CSIStorageCapacity', namespaced: true }) as Kind<import('kubernetes-models/storage.k8s.io/v1/CSIStorageCapacity').ICSIStorageCapacity>,
    StorageClass: kind({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', namespaced: false }) as Kind<import('kubernetes-models/storage.k8s.io/v1/StorageClass').IStorageClass>,
    VolumeAttachment: kind({ apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttachment', namespaced: false }) as Kind<import('kubernetes-models/storage.k8s.io/v1/VolumeAttachment').IVolumeAttachment>,
    VolumeAttributesClass: kind({ apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttributesClass', namespaced: false }) as Kind<import('kubernetes-models/storage.k8s.io/v1/VolumeAttributesClass').IVolumeAttributesClass>,
  },
} as const;
