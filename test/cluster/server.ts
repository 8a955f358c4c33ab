/** A TLS server that answers as a test says, faults included, and a connection to it. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, vi } from 'vitest';
import type { ApiResource, Cluster, KindReference } from '../../src/cluster/cluster.ts';
import { connect } from '../../src/cluster/connect.ts';
import { makeCertificate } from './certificate.ts';
import type { Certificate } from './certificate.ts';

/** A request with its body read. */
export interface Received {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** The connection, which others may use too. */
  readonly socket: Socket;
  /** Subject of the client's certificate. */
  readonly clientName: string | undefined;
}

export type Handler = (request: Received, response: ServerResponse) => void;

/** What a server speaks; one of `h2` speaks the other too, as API servers do. */
export type Protocol = 'h2' | 'http/1.1';

export interface TestServer {
  readonly url: string;
  readonly authority: Certificate;
  readonly received: Received[];
  /** Connections that are open now. */
  readonly sockets: Set<Socket>;
  handler: Handler;
}

const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** Waits until something holds, also on a busy machine. */
export function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 15_000, interval: 10 });
}

/** Starts a server that ends with the test. */
export async function startServer(handler: Handler, protocol: Protocol = 'h2'): Promise<TestServer> {
  const authority = makeCertificate('test authority');
  const certificate = makeCertificate('localhost', authority);
  const started: TestServer = { url: '', authority, received: [], sockets: new Set(), handler };
  const options = {
    cert: certificate.cert,
    key: certificate.key,
    ca: authority.cert,
    requestCert: true,
    rejectUnauthorized: false,
  };
  const sockets = new Map<number | undefined, Socket>();
  const listener = (request: IncomingMessage, response: ServerResponse): void =>
    void receive(started, { request, response, socket: sockets.get(request.socket.remotePort) ?? request.socket });
  const server =
    protocol === 'h2'
      ? http2.createSecureServer({ ...options, allowHTTP1: true, maxSessionMemory: 1024 }, listener as never)
      : https.createServer(options, listener);
  server.on('secureConnection', (socket) => {
    sockets.set(socket.remotePort, socket);
    started.sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => started.sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.close();
    for (const socket of started.sockets) socket.destroy();
  });
  return Object.assign(started, { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

async function receive(
  started: TestServer,
  {
    request,
    response,
    socket,
  }: { readonly request: IncomingMessage; readonly response: ServerResponse; readonly socket: Socket },
): Promise<void> {
  const chunks = await request.toArray().catch(() => []);
  const { getPeerCertificate } = socket as { getPeerCertificate?: () => { subject?: { CN?: string } } };
  const received = {
    method: request.method ?? '',
    url: new URL(request.url ?? '/', 'https://server'),
    headers: request.headers,
    body: Buffer.concat(chunks as Buffer[]).toString('utf8'),
    socket,
    clientName: getPeerCertificate?.call(socket).subject?.CN,
  };
  started.received.push(received);
  started.handler(received, response);
}

/** Connects with a token; the connection ends with the test. */
export async function connectTo(server: TestServer): Promise<Cluster> {
  const cluster = await connect(
    { kind: 'server', server: server.url, token: 't', ca: server.authority.cert },
    { knownKinds },
  );
  return closing(cluster);
}

/** Closes a connection at the end of the test. */
export function closing(cluster: Cluster): Cluster {
  cleanups.push(() => cluster.close());
  return cluster;
}

/** So that tests of the wire see no discovery. */
export function knownKinds({ apiVersion, kind }: KindReference): ApiResource | undefined {
  if (apiVersion !== 'v1' || !['ConfigMap', 'Secret', 'Namespace'].includes(kind)) return undefined;
  return { apiVersion, kind, plural: `${kind.toLowerCase()}s`, namespaced: kind !== 'Namespace', verbs: [] };
}

/** Answers with JSON. */
export function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** A Kubernetes Status. */
export function status(code: number, reason: string, message: string, details?: object): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message, ...(details && { details }) };
}

/** A ConfigMap of namespace `shop`. */
export function configMap(name: string, resourceVersion?: string, data: Record<string, string> = {}): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'shop', ...(resourceVersion && { resourceVersion }) },
    data,
  };
}

interface ConfigMap {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace: string; resourceVersion?: string };
  data: Record<string, string>;
  [field: string]: unknown;
}
