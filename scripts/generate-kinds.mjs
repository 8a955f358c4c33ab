// Writes src/k8s/kinds.generated.ts: one typed factory for each kind in src/schema/kubernetes.json.
// usage: node scripts/generate-kinds.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const { kinds, version } = JSON.parse(readFileSync(path('../src/schema/kubernetes.json'), 'utf8'));

const groups = new Map();
for (const one of kinds) {
  const [group, apiVersion] = one.apiVersion.includes('/') ? one.apiVersion.split('/') : ['core', one.apiVersion];
  const name = group.split('.')[0];
  const versions = groups.get(name) ?? new Map();
  groups.set(name, versions.set(apiVersion, [...(versions.get(apiVersion) ?? []), one]));
}

const line = ({ apiVersion, kind, namespaced }) =>
  `    ${kind}: kind({ apiVersion: '${apiVersion}', kind: '${kind}', namespaced: ${namespaced} }) as Kind<import('kubernetes-models/${apiVersion}/${kind}').I${kind}>,`;
const versionBlock = ([apiVersion, members]) => `  ${apiVersion}: {\n${members.map(line).join('\n')}\n  },`;
const groupBlock = ([name, versions]) =>
  `export const ${name} = {\n${[...versions].map(versionBlock).join('\n')}\n} as const;`;

const header = `// The kinds of Kubernetes ${version}. Made by: node scripts/generate-kinds.mjs\nimport { type Kind, kind } from './kind.ts';`;
writeFileSync(path('../src/k8s/kinds.generated.ts'), `${[header, ...[...groups].map(groupBlock)].join('\n\n')}\n`);
