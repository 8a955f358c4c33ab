import { join } from 'node:path';
import { binaryFiles } from './binaries-folder.ts';
import type { Component, LocalFiles } from './state.ts';

/** What the command lines depend on. */
export interface Launch {
  readonly files: LocalFiles;
  readonly binaries: string;
  readonly port: number;
  readonly kroPort: number;
  readonly featureGates: string;
}

/** Sockets in the closed folder: etcd knows no token, so a port would be open to every user of the machine. */
export const etcdSocket = 'etcd.sock';
export const etcdPeerSocket = 'etcd-peer.sock';

export function serverUrl(port: number): string {
  return `https://127.0.0.1:${port}`;
}

/** The flags of each process; they run with the control plane's folder as working directory. */
export const componentArguments: Record<Component, (launch: Launch) => string[]> = {
  etcd: ({ files }) => [
    '--name=local',
    `--data-dir=${join(files.data, 'etcd')}`,
    // Relative, because the path of a socket may have about 100 characters only.
    `--listen-client-urls=unix://${etcdSocket}`,
    `--listen-peer-urls=unix://${etcdPeerSocket}`,
    // Nobody calls these addresses, but etcd wants a host and port.
    '--advertise-client-urls=http://localhost:2379',
    '--initial-advertise-peer-urls=http://localhost:2380',
    '--initial-cluster=local=http://localhost:2380',
    '--unsafe-no-fsync',
    '--auto-compaction-retention=1h',
    '--quota-backend-bytes=8589934592',
  ],
  'kube-apiserver': ({ files, port }) => [
    `--etcd-servers=unix://${etcdSocket}`,
    `--cert-dir=${files.certificates}`,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    `--service-account-key-file=${files.serviceAccountPublicKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--token-auth-file=${files.token}`,
    '--authorization-mode=Node,RBAC',
    '--service-cluster-ip-range=10.0.0.0/16',
    '--endpoint-reconciler-type=none',
    '--allow-privileged=true',
  ],
  'kube-controller-manager': ({ files }) => [
    ...clientFlags(files),
    `--service-account-private-key-file=${files.serviceAccountKey}`,
    `--root-ca-file=${files.caFile}`,
    '--kube-api-qps=200',
    '--kube-api-burst=300',
  ],
  'kube-scheduler': ({ files }) => [...clientFlags(files), '--kube-api-qps=200', '--kube-api-burst=300'],
  kwok: ({ files, binaries }) => [
    `--kubeconfig=${files.kubeconfig}`,
    `--config=${join(binaries, binaryFiles.stages)}`,
    '--manage-all-nodes=true',
    // Without a renewed lease the node turns NotReady after some minutes and its pods never recover.
    '--node-lease-duration-seconds=40',
    '--node-ip=10.1.0.1',
    '--cidr=10.2.0.0/16',
  ],
  kro: ({ kroPort, featureGates }) => [
    '--metrics-bind-address=0',
    `--health-probe-bind-address=127.0.0.1:${kroPort}`,
    ...(featureGates === '' ? [] : [`--feature-gates=${featureGates}`]),
  ],
};

function clientFlags(files: LocalFiles): string[] {
  const names = ['kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'];
  return [...names.map((name) => `--${name}=${files.kubeconfig}`), '--leader-elect=false', '--secure-port=0'];
}
