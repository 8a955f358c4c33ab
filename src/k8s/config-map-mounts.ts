import type { IVolume } from 'kubernetes-models/v1/Volume';
import type { IVolumeMount } from 'kubernetes-models/v1/VolumeMount';
import type { Input, Inputs } from '../expr/expression.ts';
import { checkMembers, type Refuse } from './shorthand.ts';

/** A ConfigMap as files in a container. */
export interface ConfigMapMount {
  /** Name of the ConfigMap. */
  readonly name: Input<string>;
  /** Folder of its files; with `subPath`, the path of one file. */
  readonly mountPath: Input<string>;
  /** One key of the ConfigMap. The file is not updated when the ConfigMap changes. */
  readonly subPath?: Input<string> | undefined;
}

interface Mounts {
  readonly volumes?: Inputs<IVolume[]> | undefined;
  readonly volumeMounts?: Inputs<IVolumeMount[]> | undefined;
  readonly configMaps?: readonly ConfigMapMount[] | undefined;
}

/** The author's volumes and mounts, and those of the ConfigMaps: one volume for each ConfigMap, one mount for each entry. */
export function mountConfigMaps(parts: Mounts, refuse: Refuse): { volumes: unknown; volumeMounts: unknown } {
  const { volumes, volumeMounts, configMaps = [] } = parts;
  if (!Array.isArray(configMaps)) {
    const hint = 'Use volumes and volumeMounts for a list that is not known yet.';
    return refuse({ code: 'ListExpected', path: 'configMaps', message: 'has to be written out', hint });
  }
  if (configMaps.length === 0) return { volumes, volumeMounts };
  const own = writtenOut(volumes, 'volumes', refuse);
  const names = new VolumeNames(own);
  const added: object[] = [];
  const mounts = (configMaps as readonly ConfigMapMount[]).map((mount, index) => {
    checkMembers(mount, ['name', 'mountPath', 'subPath'], { path: `configMaps[${index}]`, refuse });
    const { name, mountPath, subPath } = mount;
    const { volume, isNew } = names.for(name);
    if (isNew) added.push({ name: volume, configMap: { name } });
    return { name: volume, mountPath, subPath };
  });
  return {
    volumes: [...own, ...added],
    volumeMounts: [...writtenOut(volumeMounts, 'volumeMounts', refuse), ...mounts],
  };
}

function writtenOut(list: unknown, path: string, refuse: Refuse): readonly unknown[] {
  if (list === undefined) return [];
  if (Array.isArray(list)) return list;
  return refuse({
    code: 'ListExpected',
    path,
    message: 'cannot be an expression where configMaps adds to it',
    hint: 'Write the list out, or all of it as volumes and volumeMounts.',
  });
}

/** Names volumes after their ConfigMaps: DNS labels, each once in its pod, the same in every build. */
class VolumeNames {
  readonly #taken: Set<unknown>;
  readonly #byConfigMap = new Map<string, string>();
  #unnamed = 0;

  constructor(own: readonly unknown[]) {
    this.#taken = new Set(own.map((volume) => (volume as { name?: unknown } | null)?.name));
  }

  for(configMap: Input<string>): { readonly volume: string; readonly isNew: boolean } {
    // What an expression will say need not be a DNS label, so that its volume gets a name of its own.
    if (typeof configMap !== 'string') return { volume: this.#free(`config-${++this.#unnamed}`), isNew: true };
    const known = this.#byConfigMap.get(configMap);
    if (known !== undefined) return { volume: known, isNew: false };
    const volume = this.#free(dnsLabel(configMap));
    this.#byConfigMap.set(configMap, volume);
    return { volume, isNew: true };
  }

  #free(wanted: string): string {
    let name = wanted;
    for (let count = 2; this.#taken.has(name); count++) name = `${wanted.slice(0, 59)}-${count}`;
    this.#taken.add(name);
    return name;
  }
}

function dnsLabel(name: string): string {
  const label = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
    .slice(0, 63);
  return label.replaceAll(/^-+|-+$/g, '') || 'config';
}
