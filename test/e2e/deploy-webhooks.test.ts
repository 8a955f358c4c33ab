import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import { status } from '../../src/deploy/status.ts';
import { kind, simple } from '../../src/k8s/index.ts';
import { configMap, connectTo, freshName, graphOf, namesIn, optionsFor, widgetDefinition } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

describe('4. CRD + CR + webhook in one graph on a cold cluster', () => {
  it('converges although the webhook answers only later', async () => {
    const { port, ca, open, close } = await webhookServer();
    const group = `${freshName('g')}.example.com`;
    const options = optionsFor({ cluster, namespace: freshName('hook') });
    const namespace = options.instance.namespace as string;
    const hook = {
      name: `check.${group}`,
      failurePolicy: 'Fail',
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      timeoutSeconds: 2,
    };
    const rules = [
      { apiGroups: [group, ''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['widgets', 'configmaps'] },
    ];
    const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': namespace } };
    const clientConfig = { url: `https://127.0.0.1:${port}/`, caBundle: Buffer.from(ca).toString('base64') };
    const graph = graphOf('hook', () => {
      const webhook = kind({
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingWebhookConfiguration',
        namespaced: false,
      })({
        metadata: { name: freshName('hook') },
        webhooks: [{ ...hook, rules, namespaceSelector, clientConfig }],
      } as never);
      const widget = kind({ apiVersion: `${group}/v1`, kind: 'Widget' })(
        { metadata: { name: 'w' }, spec: { size: 3 } } as never,
        { dependsOn: webhook },
      );
      const settings = simple.ConfigMap({ name: 'settings', data: {} }, { dependsOn: webhook });
      return { settings, widget, definition: widgetDefinition(group), webhook };
    });
    const deploying = deploy(graph, options);
    await sleep(3_000);
    expect(await namesIn(cluster, namespace, configMap)).toEqual([]);
    open();
    const { objects } = await deploying;
    expect(objects.every(({ action, ready }) => action === 'created' && ready)).toBe(true);
    expect((await deploy(graph, options)).writes).toBe(0);
    await destroy(graph, options);
    close();
  });

  it('a webhook is ready when its Service has endpoints, and only then comes what it is asked about', async () => {
    const group = `${freshName('g')}.example.com`;
    const options = optionsFor({ cluster, namespace: freshName('hook') });
    const namespace = options.instance.namespace as string;
    // The simulated pods answer nothing, so the calls themselves fail and are ignored.
    const hook = {
      name: `check.${group}`,
      failurePolicy: 'Ignore',
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      timeoutSeconds: 1,
      rules: [
        {
          apiGroups: [group, 'apps', ''],
          apiVersions: ['v1'],
          operations: ['CREATE'],
          resources: ['widgets', 'deployments', 'services'],
        },
      ],
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
      clientConfig: {
        service: { name: 'hook', namespace, port: 443 },
        caBundle: Buffer.from(readFileSync(place.caFile)).toString('base64'),
      },
    };
    const labels = { app: 'hook' };
    const graph = graphOf('hook', () => ({
      widget: kind({ apiVersion: `${group}/v1`, kind: 'Widget' })({
        metadata: { name: 'w' },
        spec: { size: 3 },
      } as never),
      definition: widgetDefinition(group),
      webhook: kind({
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingWebhookConfiguration',
        namespaced: false,
      })({ metadata: { name: freshName('hook') }, webhooks: [hook] } as never),
      service: kind({ apiVersion: 'v1', kind: 'Service' })({
        metadata: { name: 'hook' },
        spec: { selector: labels, ports: [{ port: 443 }] },
      } as never),
      server: kind({ apiVersion: 'apps/v1', kind: 'Deployment' })({
        metadata: { name: 'hook' },
        spec: {
          selector: { matchLabels: labels },
          template: {
            metadata: { labels, annotations: { 'simulate.kubewright.dev/start-delay': '2s' } },
            spec: { containers: [{ name: 'hook', image: 'hook', ports: [{ containerPort: 443 }] }] },
          },
        },
      } as never),
    }));
    await deploy(graph, options);
    const told = options.events.flatMap((event) =>
      event.type === 'object' || event.type === 'ready' ? [`${event.object.label} ${event.type}`] : [],
    );
    expect(told.indexOf('webhook ready')).toBeLessThan(told.indexOf('widget object'));
    expect(told.indexOf('webhook object')).toBeLessThan(told.indexOf('webhook ready'));
    expect(options.events).toContainEqual(
      expect.objectContaining({
        type: 'waiting',
        reason: `Service ${namespace}/hook of webhook check.${group} has no endpoint that is ready`,
      }),
    );
    expect((await deploy(graph, options)).writes).toBe(0);
    expect((await status(graph, options)).objects.every(({ state }) => state === 'ready')).toBe(true);
    await cluster.patch(
      { apiVersion: 'apps/v1', kind: 'Deployment', name: 'hook', namespace },
      { type: 'merge', body: { spec: { replicas: 0 } } },
    );
    const stateOf = async (): Promise<unknown> =>
      (await status(graph, options)).objects.find(({ label }) => label === 'webhook')?.state;
    await expect.poll(stateOf, { timeout: 20_000 }).toBe('waiting');
    options.events.length = 0;
    await destroy(graph, options);
    const gone = options.events.flatMap((event) => (event.type === 'object' ? [event.object.label] : []));
    expect(gone.indexOf('widget')).toBeLessThan(gone.indexOf('webhook'));
  });
});

interface WebhookServer {
  readonly port: number;
  readonly ca: string;
  /** Until then it breaks every connection, as a service without endpoints does. */
  readonly open: () => void;
  readonly close: () => void;
}

/** A webhook that allows everything. */
async function webhookServer(): Promise<WebhookServer> {
  const folder = mkdtempSync(join(tmpdir(), 'kubewright-webhook-'));
  const [keyFile, certFile] = [join(folder, 'key'), join(folder, 'crt')];
  const request = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '1',
    '-subj',
    '/CN=webhook',
    '-addext',
    'subjectAltName=IP:127.0.0.1',
  ];
  execFileSync('openssl', [...request, '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' });
  const [key, cert] = [readFileSync(keyFile), readFileSync(certFile, 'utf8')];
  let isOpen = false;
  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const review = JSON.parse((await incoming.toArray()).join('')) as { request: { uid: string } };
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        apiVersion: 'admission.k8s.io/v1',
        kind: 'AdmissionReview',
        response: { uid: review.request.uid, allowed: true },
      }),
    );
  };
  const server = https.createServer({ key, cert }, (incoming, response) => void answer(incoming, response));
  server.on('connection', (socket) => void (isOpen || socket.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    ca: cert,
    open: () => void (isOpen = true),
    close: () => void (server.closeAllConnections(), server.close()),
  };
}
