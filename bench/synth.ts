/**
 * Building and rendering a graph of many objects, against cdk8s doing the same; time per object must not grow.
 *
 *     npx tsx bench/synth.ts
 */
import { type } from 'arktype';
import { ApiObject, App, Chart, Yaml } from 'cdk8s';
import { simple, toResourceGraph } from 'kubewright';
import { synthesize } from 'kubewright/gitops';
import { median, ratio, time } from './measure.ts';

const Spec = type({ image: 'string', environment: 'string' });
const spec = { image: 'nginx', environment: 'dev' };

function ours(count: number): number {
  const graph = toResourceGraph({ name: 'many', apiVersion: 'example.com/v1', kind: 'Many', spec: Spec }, (schema) => {
    const resources: Record<string, ReturnType<typeof simple.ConfigMap> | ReturnType<typeof simple.Deployment>> = {};
    for (let i = 0; i < count / 2; i++) {
      resources[`config${i}`] = simple.ConfigMap({
        name: `config-${i}`,
        data: { ENVIRONMENT: schema.spec.environment, INDEX: String(i) },
      });
      resources[`web${i}`] = simple.Deployment({
        name: `web-${i}`,
        image: schema.spec.image,
        replicas: 2,
        ports: [{ containerPort: 80 }],
      });
    }
    return resources;
  });
  return synthesize(graph, { mode: 'direct', instance: { name: 'many', namespace: 'many', spec } }).files.size;
}

function cdk8s(count: number): number {
  const chart = new Chart(new App(), 'many', { namespace: 'many' });
  for (let i = 0; i < count / 2; i++) {
    new ApiObject(chart, `config${i}`, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `config-${i}`, labels: { app: `config-${i}` } },
      data: { ENVIRONMENT: spec.environment, INDEX: String(i) },
    });
    const labels = { app: `web-${i}` };
    new ApiObject(chart, `web${i}`, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: `web-${i}`, labels },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: `web-${i}`, image: spec.image, ports: [{ containerPort: 80 }] }] },
        },
      },
    });
  }
  return chart.toJson().map((object) => Yaml.stringify(object)).length;
}

ours(200);
cdk8s(200);
const small = median(Array.from({ length: 5 }, () => time(() => ours(2_000))));
const peer = median(Array.from({ length: 3 }, () => time(() => cdk8s(2_000))));
const large = time(() => ours(50_000));
console.log(
  `2,000 objects: ${small.toFixed(0)} ms (bar: < 100 ms); cdk8s ${peer.toFixed(0)} ms; ratio ${ratio(small, peer)} (bar: < 1)`,
);
console.log(
  `50,000 objects: ${large.toFixed(0)} ms; time per object ${ratio(large / 50_000, small / 2_000)} of that of 2,000 (bar: <= 1.3)`,
);
