/** A proxy between the engine and the API server that counts what passes, and breaks what it is told to break. */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../src/cluster/connect.ts';
import type { Cluster } from '../../src/cluster/cluster.ts';

/** One request as it arrived. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** `true` for what may change something: neither reads nor dry runs nor reviews. */
  readonly write: boolean;
  readonly watch: boolean;
  readonly list: boolean;
  /** Position among the writes, or among the other requests, from 1. */
  readonly number: number;
  /** How many requests were under way then, watches aside and with this one. */
  readonly open: number;
}

/** What happens to a request instead of its answer. */
export type Fault =
  /** The proxy answers; the server never hears of it. */
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfter?: number; readonly body?: object }
  /** The connection breaks before the server got it. */
  | { readonly kind: 'cut-before' }
  /** The server did it, and the connection breaks before its answer arrives. */
  | { readonly kind: 'cut-after' }
  /** Like the two above, and nothing passes from then on: the process was killed, or the machine is gone. */
  | { readonly kind: 'kill-before' }
  | { readonly kind: 'kill-after' }
  /** The server never hears of it, and nobody answers. */
  | { readonly kind: 'hang' }
  /** The body trickles. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** The answer is right and late. */
  | { readonly kind: 'late'; readonly ms: number }
  /** Half of the body, then the end of the connection. */
  | { readonly kind: 'half' }
  /** Headers, and then silence on an open connection. */
  | { readonly kind: 'silent' }
  /** What was asked for is forgotten: an `ERROR` event in a watch, as API servers do it. */
  | { readonly kind: 'gone' }
  /** The connection breaks some time after the answer began. */
  | { readonly kind: 'drop'; readonly ms: number };

export type Rule = (request: Seen) => Fault | undefined;

export interface FaultProxy {
  /** A connection through the proxy. */
  readonly cluster: Cluster;
  readonly server: string;
  readonly seen: readonly Seen[];
  /** Replaces the faults, and forgets what was seen. */
  reset(rule?: Rule): void;
  /** Resolves when a `kill-*` fault struck. */
  killed(): Promise<void>;
  close(): void;
}

interface Place {
  readonly stateHome: string;
  readonly server: string;
  readonly token: string;
  readonly caFile: string;
}

/** Starts one in front of the control plane of the run: HTTP/2 with the server's own certificate or, cheaper, HTTP/1.1 without TLS. */
export async function startProxy(place: Place, scheme: 'https' | 'http' = 'https'): Promise<FaultProxy> {
  const proxy = new Proxying(place, scheme);
  const { port } = await proxy.listen();
  const server = `${scheme}://127.0.0.1:${port}`;
  const ca = readFileSync(place.caFile, 'utf8');
  const cluster = await connect({ kind: 'server', server, token: place.token, ca });
  return {
    cluster,
    server,
    seen: proxy.seen,
    reset: (next) => proxy.reset(next),
    killed: () => proxy.killed.promise,
    close: () => {
      cluster.close();
      proxy.close();
    },
  };
}

class Proxying {
  readonly seen: Seen[] = [];
  killed = Promise.withResolvers<void>();
  readonly #target: URL;
  readonly #agent: https.Agent;
  readonly #listener: http.Server | http2.Http2SecureServer;
  /** Connections by the port of the client: over HTTP/2 requests have no other handle on theirs. */
  readonly #sockets = new Map<number | undefined, Socket>();
  readonly #forwarded = new Set<http.ClientRequest>();
  #rule: Rule = () => undefined;
  #dead = false;
  #open = 0;

  constructor(place: Place, scheme: 'https' | 'http') {
    this.#target = new URL(place.server);
    this.#agent = new https.Agent({ keepAlive: true, maxSockets: 200, ca: readFileSync(place.caFile) });
    const handle = (request: IncomingMessage, response: ServerResponse): void =>
      void this.#handle(request, response).catch(() => this.#socketOf(request).destroy());
    const certificates = join(place.stateHome, 'kubewright', 'default', 'certificates');
    const read = (name: string): Buffer => readFileSync(join(certificates, name));
    this.#listener =
      scheme === 'http'
        ? http.createServer(handle)
        : http2.createSecureServer(
            { cert: read('apiserver.crt'), key: read('apiserver.key'), allowHTTP1: true },
            handle as never,
          );
    this.#listener.on(scheme === 'http' ? 'connection' : 'secureConnection', (socket: Socket) => {
      const { remotePort } = socket;
      if (this.#dead) socket.destroy();
      this.#sockets.set(remotePort, socket);
      socket.on('error', () => undefined);
      socket.once('close', () => this.#sockets.delete(remotePort));
    });
    for (const event of ['tlsClientError', 'sessionError']) this.#listener.on(event, () => undefined);
  }

  listen(): Promise<AddressInfo> {
    return new Promise((resolve) => {
      this.#listener.listen(0, '127.0.0.1', () => resolve(this.#listener.address() as AddressInfo));
    });
  }

  reset(rule: Rule = () => undefined): void {
    this.#rule = rule;
    this.#dead = false;
    this.seen.length = 0;
    this.killed = Promise.withResolvers<void>();
  }

  close(): void {
    this.#kill();
    this.#listener.close();
    this.#agent.destroy();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await request.toArray());
    if (this.#dead) return void this.#socketOf(request).destroy();
    const seen = this.#note(request);
    if (!seen.watch) {
      this.#open += 1;
      response.once('close', () => (this.#open -= 1));
    }
    const fault = this.#rule(seen);
    if (fault?.kind === 'kill-before') return this.#kill();
    if (fault?.kind === 'cut-before') return void this.#socketOf(request).destroy();
    if (fault?.kind === 'answer') return refuse(response, fault);
    if (fault?.kind === 'hang') return;
    const answer = await this.#forward(request, body);
    if (fault?.kind === 'kill-after' || fault?.kind === 'cut-after') {
      await answer.toArray();
      return fault.kind === 'kill-after' ? this.#kill() : void this.#socketOf(request).destroy();
    }
    await pass(answer, response, { fault, socket: this.#socketOf(request) });
  }

  #socketOf({ socket }: IncomingMessage): Socket {
    return this.#sockets.get(socket.remotePort) ?? socket;
  }

  #note({ method = 'GET', url = '/' }: IncomingMessage): Seen {
    const { pathname, searchParams: query } = new URL(url, this.#target);
    const write = method !== 'GET' && !query.has('dryRun') && !pathname.endsWith('reviews');
    const watch = query.get('watch') === 'true';
    const number = this.seen.filter((other) => other.write === write).length + 1;
    const list = method === 'GET' && !watch && query.has('limit');
    const seen: Seen = { method, path: pathname, query, write, watch, list, number, open: this.#open + 1 };
    this.seen.push(seen);
    return seen;
  }

  #forward({ method, url, headers }: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    const { hostname, port } = this.#target;
    // HTTP/2 needs none.
    const length = body.length > 0 ? { 'content-length': body.length } : {};
    return new Promise((resolve, reject) => {
      const sent = https.request(
        { hostname, port, method, path: url, headers: { ...plain(headers), ...length }, agent: this.#agent },
        resolve,
      );
      this.#forwarded.add(sent);
      sent.once('close', () => this.#forwarded.delete(sent));
      sent.on('error', reject);
      sent.end(body);
    });
  }

  /** As for a process that died: what the server has begun it may or may not finish. */
  #kill(): void {
    this.#dead = true;
    for (const socket of this.#sockets.values()) socket.destroy();
    for (const sent of this.#forwarded) sent.destroy();
    this.killed.resolve();
  }
}

function refuse(
  response: ServerResponse,
  { status, retryAfter, body: more }: Extract<Fault, { kind: 'answer' }>,
): void {
  const reasons: Record<number, string> = {
    401: 'Unauthorized',
    403: 'Forbidden',
    429: 'TooManyRequests',
    500: 'InternalError',
  };
  const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: reasons[status], code: status };
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
  });
  response.end(JSON.stringify({ ...body, message: `the proxy says ${status}`, ...more }));
}

/** Without what belongs to one connection. */
function plain(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const own = ['connection', 'keep-alive', 'transfer-encoding', 'host'];
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':') && !own.includes(name)));
}

/** What befalls an answer, and on which connection. */
interface Passing {
  readonly fault: Fault | undefined;
  readonly socket: Socket;
}

async function pass(answer: IncomingMessage, response: ServerResponse, { fault, socket }: Passing): Promise<void> {
  if (fault?.kind === 'late') await sleep(fault.ms);
  response.writeHead(answer.statusCode ?? 502, plain(answer.headers));
  response.once('close', () => answer.destroy());
  answer.on('error', () => socket.destroy());
  if (fault?.kind === 'drop') setTimeout(() => socket.destroy(), fault.ms);
  if (fault?.kind === 'silent') return response.flushHeaders();
  if (fault?.kind === 'gone') return sendGone(response);
  if (fault?.kind === 'slow' || fault?.kind === 'half') return trickle(answer, response, { fault, socket });
  answer.pipe(response);
}

function sendGone(response: ServerResponse): void {
  const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Expired', code: 410 };
  response.end(`${JSON.stringify({ type: 'ERROR', object: { ...status, message: 'too old resource version' } })}\n`);
}

async function trickle(
  answer: IncomingMessage,
  response: ServerResponse,
  { fault, socket }: Passing & { readonly fault: Extract<Fault, { kind: 'slow' | 'half' }> },
): Promise<void> {
  const whole = Buffer.concat(await answer.toArray());
  if (fault.kind === 'half') {
    response.write(whole.subarray(0, whole.length >> 1));
    await sleep(20);
    socket.end();
    return;
  }
  const pieces = 5;
  for (let piece = 0; piece < pieces; piece += 1) {
    response.write(whole.subarray((whole.length * piece) / pieces, (whole.length * (piece + 1)) / pieces));
    await sleep(fault.ms / pieces);
  }
  response.end();
}
