import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The files of a binaries folder: two programs, and what they and the cluster are started with. */
export const binaryFiles = {
  kubernetes: 'kubernetes',
  kro: 'kro',
  stages: 'stages.yaml',
  objects: 'objects.json',
  versions: 'versions.json',
} as const;

/** How these folders are named in the cache, before their key. */
export const folderPrefix = 'control-plane-';

/** The objects that a control plane starts with, from `binaryFiles.objects`. */
export interface BootstrapObjects {
  readonly kro: readonly BootstrapObject[];
  readonly gatewayApi: readonly BootstrapObject[];
  readonly storage: readonly BootstrapObject[];
}

export interface BootstrapObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/** What a folder lacks of what a control plane is started from. */
export function missingFiles(folder: string): string[] {
  return Object.values(binaryFiles).filter((file) => !existsSync(join(folder, file)));
}

export function isComplete(folder: string): boolean {
  return missingFiles(folder).length === 0;
}
