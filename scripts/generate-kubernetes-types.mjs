// Writes src/schema/kubernetes.json: the kinds that a Kubernetes API server serves by default and their types, without prose.
// usage: npm run generate -- --kubeconfig PATH
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { KubeConfig } from '@kubernetes/client-node';

const target = fileURLToPath(new URL('../src/schema/kubernetes.json', import.meta.url));
const refPrefix = '#/components/schemas/';
const kept = new Set([
  'type',
  'format',
  'required',
  'oneOf',
  'anyOf',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-int-or-string',
  'x-kubernetes-embedded-resource',
]);

const { values: options } = parseArgs({ options: { kubeconfig: { type: 'string' } } });
if (!options.kubeconfig) throw new Error('--kubeconfig PATH: the API server to read from is missing');
const get = apiServer(options.kubeconfig);
const { gitVersion } = await get('/version');
const { kinds, schemas } = await collect();
writeFileSync(target, render(/^v(\d+\.\d+)/.exec(gitVersion)[1], kinds, schemas));
console.log(`${target}: ${kinds.length} kinds, ${Object.keys(schemas).length} types`);

function apiServer(kubeconfig) {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return async (path, accept = 'application/json') => {
    const call = { headers: { accept } };
    await config.applyToHTTPSOptions(call);
    return new Promise((resolve, reject) => {
      const sent = request(new URL(config.getCurrentCluster().server + path), call, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk) => (body += chunk));
        response.on('end', () =>
          response.statusCode === 200
            ? resolve(JSON.parse(body))
            : reject(new Error(`${path}: ${response.statusCode} ${body}`)),
        );
      });
      sent.on('error', reject).end();
    });
  };
}

/** Groups without those of CustomResourceDefinitions, which are no part of Kubernetes. */
async function builtInGroups() {
  const discovery = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  const { items: definitions } = await get('/apis/apiextensions.k8s.io/v1/customresourcedefinitions');
  const custom = new Set(definitions.map(({ spec }) => spec.group));
  const [core, others] = await Promise.all([get('/api', discovery), get('/apis', discovery)]);
  return [...core.items, ...others.items].filter(({ metadata }) => !custom.has(metadata.name));
}

async function collect() {
  const kinds = [];
  const all = {};
  const wanted = new Set([
    'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
    'io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector',
  ]);
  for (const { metadata, versions } of await builtInGroups()) {
    const group = metadata.name ?? '';
    for (const { version, resources } of versions) {
      const { components } = await get(group ? `/openapi/v3/apis/${group}/${version}` : `/openapi/v3/api/${version}`);
      Object.assign(all, components.schemas);
      const apiVersion = group ? `${group}/${version}` : version;
      for (const { resource, responseKind, scope, verbs } of resources) {
        if (!verbs.includes('create')) continue;
        const type = Object.keys(components.schemas).find((name) =>
          isKind(components.schemas[name], { group, version, kind: responseKind.kind }),
        );
        if (!type) throw new Error(`${apiVersion} ${responseKind.kind}: no type`);
        wanted.add(type);
        kinds.push({
          apiVersion,
          kind: responseKind.kind,
          plural: resource,
          namespaced: scope === 'Namespaced',
          transient: verbs.includes('get') ? undefined : true,
          type,
        });
      }
    }
  }
  return { kinds: kinds.sort(byKind), schemas: reachable(all, wanted) };
}

function isKind(schema, wanted) {
  return schema['x-kubernetes-group-version-kind']?.some(
    ({ group, version, kind }) => group === wanted.group && version === wanted.version && kind === wanted.kind,
  );
}

function byKind(a, b) {
  const [left, right] = [a, b].map(
    ({ apiVersion, kind }) => `${apiVersion.includes('/') ? apiVersion : ` ${apiVersion}`} ${kind}`,
  );
  return left < right ? -1 : 1;
}

function reachable(all, wanted) {
  const schemas = {};
  for (const name of wanted) {
    schemas[name] = compact(all[name], (ref) => wanted.add(ref));
  }
  return schemas;
}

function compact(schema, onRef) {
  const ref = schema.$ref ?? (schema.allOf?.length === 1 ? schema.allOf[0].$ref : undefined);
  if (ref) {
    const name = ref.slice(refPrefix.length);
    onRef(name);
    return { $ref: shortName(name) };
  }
  const result = {};
  for (const key of Object.keys(schema).sort()) {
    const value = schema[key];
    if (key === 'format' && !['int-or-string', 'byte', 'date-time', 'date', 'duration'].includes(value)) continue;
    if (key === 'properties')
      result.properties = Object.fromEntries(
        Object.keys(value)
          .sort()
          .map((name) => [name, compact(value[name], onRef)]),
      );
    else if (key === 'additionalProperties' || key === 'items')
      result[key] = typeof value === 'object' ? compact(value, onRef) : value;
    else if (kept.has(key)) result[key] = value;
  }
  return result;
}

/** Short names: io.k8s.api.apps.v1.Deployment ► apps.v1.Deployment. */
function shortName(name) {
  return name
    .replace(/^io\.k8s\.api\./, '')
    .replace(/^io\.k8s\.(apimachinery|apiextensions-apiserver|kube-aggregator)\.pkg\.(apis\.)?/, '');
}

/** One line per kind and type, so that a new Kubernetes version is a readable difference. */
function render(version, kinds, schemas) {
  const names = Object.keys(schemas).sort((a, b) => (shortName(a) < shortName(b) ? -1 : 1));
  if (new Set(names.map(shortName)).size !== names.length) throw new Error('two types have the same short name');
  const kindLines = kinds.map(({ type, ...kind }) => JSON.stringify({ ...kind, type: shortName(type) }));
  const typeLines = names.map((name) => `${JSON.stringify(shortName(name))}:${JSON.stringify(schemas[name])}`);
  return `{"version":${JSON.stringify(version)},"kinds":[\n${kindLines.join(',\n')}\n],"types":{\n${typeLines.join(',\n')}\n}}\n`;
}
