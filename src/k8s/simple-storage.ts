import type { INFSVolumeSource } from 'kubernetes-models/v1/NFSVolumeSource';
import type { IPersistentVolume } from 'kubernetes-models/v1/PersistentVolume';
import type { IPersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import type { Input, Inputs } from '../expr/expression.ts';
import { appLabel } from './app-name.ts';
import { core } from './kinds.generated.ts';
import { type Named, type Namespaced, named, namespaced, type Shorthand, shorthand } from './shorthand.ts';

type AccessModes = ('ReadWriteOnce' | 'ReadOnlyMany' | 'ReadWriteMany' | 'ReadWriteOncePod')[];

export interface PersistentVolumeClaimProperties extends Namespaced {
  /** Quantity, such as `10Gi`. */
  readonly size: Input<string>;
  /** `''` means a volume that exists already. @default the cluster's default class */
  readonly storageClass?: Input<string> | undefined;
  /** @default ['ReadWriteOnce'] */
  readonly accessModes?: Inputs<AccessModes> | undefined;
}

export interface PersistentVolumeProperties extends Named {
  /** Quantity, such as `10Gi`. */
  readonly size: Input<string>;
  readonly storageClass?: Input<string> | undefined;
  /** @default ['ReadWriteOnce'] */
  readonly accessModes?: Inputs<AccessModes> | undefined;
  /** A folder of the node; either this or `nfs`. */
  readonly hostPath?: Input<string> | undefined;
  /** A folder of an NFS server; either this or `hostPath`. */
  readonly nfs?: Inputs<INFSVolumeSource> | undefined;
  /** @default 'Retain' */
  readonly persistentVolumeReclaimPolicy?: Input<'Retain' | 'Recycle' | 'Delete'> | undefined;
}

/**
 * A PersistentVolumeClaim.
 *
 * @example
 * simple.Pvc({ name: 'data', size: '10Gi' });
 */
export const Pvc: Shorthand<PersistentVolumeClaimProperties, IPersistentVolumeClaim> = shorthand({
  kind: core.v1.PersistentVolumeClaim,
  properties: { ...namespaced, size: 'required', storageClass: 'optional', accessModes: 'optional' },
  body: ({ name, namespace, size, storageClass, accessModes = ['ReadWriteOnce'] }) => ({
    metadata: { name, namespace, labels: appLabel(name) },
    spec: { accessModes, resources: { requests: { storage: size } }, storageClassName: storageClass },
  }),
});

/**
 * A PersistentVolume on a node's folder or an NFS server.
 *
 * @throws KubewrightError `VolumeSource` without a source, or with two
 * @example
 * simple.PersistentVolume({ name: 'archive', size: '1Ti', nfs: { server: 'nas.example.com', path: '/archive' } });
 */
export const PersistentVolume: Shorthand<PersistentVolumeProperties, IPersistentVolume> = shorthand({
  kind: core.v1.PersistentVolume,
  properties: {
    ...named,
    size: 'required',
    storageClass: 'optional',
    accessModes: 'optional',
    hostPath: 'optional',
    nfs: 'optional',
    persistentVolumeReclaimPolicy: 'optional',
  },
  body: (properties, refuse) => {
    const {
      name,
      size,
      storageClass,
      accessModes = ['ReadWriteOnce'],
      hostPath,
      nfs,
      persistentVolumeReclaimPolicy = 'Retain',
    } = properties;
    if ((hostPath === undefined) === (nfs === undefined)) {
      const message = nfs === undefined ? 'needs a source' : 'has two sources, hostPath and nfs';
      refuse({ code: 'VolumeSource', path: 'hostPath', message, hint: 'Give it either hostPath or nfs.' });
    }
    return {
      metadata: {
        name,
        annotations:
          storageClass === undefined ? undefined : { 'volume.beta.kubernetes.io/storage-class': storageClass },
      },
      spec: {
        capacity: { storage: size },
        accessModes,
        persistentVolumeReclaimPolicy,
        storageClassName: storageClass,
        hostPath: hostPath === undefined ? undefined : { path: hostPath },
        nfs,
      },
    };
  },
});
