import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { type BootstrapObject, type BootstrapObjects, binaryFiles } from './binaries-folder.ts';
import { runGo } from './go.ts';

const modules = { kwok: 'sigs.k8s.io/kwok', kro: 'github.com/kubernetes-sigs/kro', gateway: 'sigs.k8s.io/gateway-api' };
const stageFolders = ['pod/fast', 'node/fast', 'node/heartbeat-with-lease', 'volume/fast'];

/** Collects kwok's stages, ours, and the CRDs from the module directories into `target`. */
export async function assembleAssets(sources: string, target: string): Promise<void> {
  const folders = await moduleFolders(sources);
  const stock = stageFolders.flatMap((folder) => yamlFiles(join(folders.kwok, 'kustomize', 'stage', folder)));
  const documents = [...yamlFiles(join(sources, 'stages')), ...stock];
  writeFileSync(join(target, binaryFiles.stages), stageText(documents));
  const objects: BootstrapObjects = {
    kro: crds(join(folders.kro, 'helm', 'crds')),
    gatewayApi: crds(join(folders.gateway, 'config', 'crd', 'standard')),
    storage: stock.map(({ object }) => object).filter(({ kind }) => kind === 'StorageClass'),
  };
  writeFileSync(join(target, binaryFiles.objects), JSON.stringify(objects));
}

interface YamlDocument {
  readonly text: string;
  readonly object: BootstrapObject;
}

/** One text with all stages; the first of a name counts, so that ours replace kwok's. */
function stageText(documents: readonly YamlDocument[]): string {
  const stages = new Map<string, string>();
  for (const { text, object } of documents) {
    if (object.kind === 'Stage' && !stages.has(object.metadata.name)) stages.set(object.metadata.name, text);
  }
  return [...stages.values()].join('\n---\n');
}

function crds(folder: string): BootstrapObject[] {
  return yamlFiles(folder)
    .map(({ object }) => object)
    .filter(({ kind }) => kind === 'CustomResourceDefinition');
}

function yamlFiles(folder: string): YamlDocument[] {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort();
  const texts = names.flatMap((name) => readFileSync(join(folder, name), 'utf8').split(/^---[ \t]*$/m));
  return texts.flatMap((text) => {
    const object = load(text.trim() || 'null') as BootstrapObject | null;
    return object ? [{ text: text.trim(), object }] : [];
  });
}

async function moduleFolders(sources: string): Promise<typeof modules> {
  // `download` and not `list`: gateway-api has no compiled package, so the build alone does not fetch it.
  const output = await runGo(sources, ['mod', 'download', '-json', ...Object.values(modules)]);
  const found = new Map(jsonStream(output).map(({ Path, Dir }) => [Path, Dir]));
  const folder = (path: string): string => {
    const directory = found.get(path);
    if (!directory) throw new Error(`go mod download gave no directory for ${path}`);
    return directory;
  };
  return { kwok: folder(modules.kwok), kro: folder(modules.kro), gateway: folder(modules.gateway) };
}

/** Go prints one indented object after the other, without commas. */
function jsonStream(text: string): { Path: string; Dir: string }[] {
  return JSON.parse(`[${text.trim().replaceAll(/^\}\n\{$/gm, '},{')}]`) as { Path: string; Dir: string }[];
}
