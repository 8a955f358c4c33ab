/**
 * The wire: requests over one HTTP/2 connection, or a pool of keep-alive connections where that is not spoken; watches
 * over connections of their own. It knows nothing of Kubernetes but what a 401 means.
 */
import http from 'node:http';
import type { ClientHttp2Stream } from 'node:http2';
import https from 'node:https';

import { createSecureContext } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { KubewrightError } from '../errors.ts';
import { networkError } from './api-error.ts';
import type { Peer, Purpose } from './api-error.ts';
import { answerTo, ClosedByUs, Guard, StaleConnection, TimeLimit } from './exchange.ts';
import type { Answer } from './exchange.ts';
import { Http2Client } from './http2.ts';
import type { Http2Connection } from './http2.ts';

/** What TLS needs; the names are those of `node:tls`. */
export interface TlsOptions {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** A header of several values is sent several times. */
export type Headers = Readonly<Record<string, string | readonly string[]>>;

/** What proves to the server who we are. */
export interface Credentials {
  readonly headers: Headers;
  readonly tls: TlsOptions;
  /** Makes the pools where connections do not go straight to the server (proxies). */
  readonly pool?: (options: PoolOptions) => http.Agent;
}

/** How many connections a pool opens, and whether it keeps them. */
export interface PoolOptions {
  readonly keepAlive: boolean;
  readonly maxSockets: number;
}

/** A server and the way to its credentials. */
export interface Endpoint extends Peer {
  /** The namespace that the context names. */
  readonly namespace: string;
  /**
   * The credentials of the next request; new ones are a new object.
   *
   * @param refused credentials that were answered with 401: gives others where there are any, else the same object
   */
  credentials(refused?: Credentials): Promise<Credentials>;
}

/** One request. */
export interface HttpRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  /** What the request is for, for messages. */
  readonly purpose: Purpose;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  /** Whether it may be sent again when its connection turns out to be closed. @default true for GET, PUT and DELETE */
  readonly repeatable?: boolean | undefined;
}

/** An answer with its body read. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

interface Target {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: string;
  readonly prefix: string;
}

type DirectTls = Pick<ConnectionOptions, 'secureContext' | 'servername' | 'rejectUnauthorized'>;

interface Pools {
  readonly credentials: Credentials;
  /** Those of every request. */
  readonly headers: Headers;
  /** Absent where connections do not go straight to the server, or without TLS. */
  readonly http2?: Http2Client | undefined;
  readonly requests: http.Agent;
  readonly streams: http.Agent;
}

/** What sending needs besides the request. */
interface Sending {
  readonly headers: Headers;
  readonly guard: Guard;
}

/** An answer, and what limits the reading of its body. */
interface Exchange extends Answer {
  readonly guard: Guard;
}

/** The server itself gives up after 60 seconds. */
const defaultTimeoutMs = 65_000;
const connectTimeoutMs = 10_000;
/** A caller that forgets to bound its width must not open thousands of connections. */
const maxConnections = 64;
const maxAttempts = 3;

/** Requests to one endpoint. */
export class Transport {
  readonly endpoint: Endpoint;
  readonly #compress: boolean;
  readonly #target: Target;
  readonly #open = new Set<{ destroy(reason: Error): void }>();
  #pools: Pools | undefined;
  #closed = false;

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint;
    const { protocol, hostname, port, pathname } = new URL(endpoint.server);
    // Servers behind a gateway have a path of their own, such as `/k8s/clusters/c-1`.
    this.#target = { protocol, hostname: hostname.replace(/^\[|\]$/g, ''), port, prefix: pathname.replace(/\/$/, '') };
    // On this machine compression only costs time.
    this.#compress = !['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
  }

  /** Sends a request and reads its whole answer. */
  async send(request: HttpRequest): Promise<HttpResponse> {
    const exchange = await this.#exchange(this.#compressing(request), 'requests');
    const { status, headers, guard } = exchange;
    try {
      const raw = await readBody(exchange);
      return {
        status,
        headers,
        body: (headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString('utf8'),
      };
    } catch (error) {
      throw this.#failure(request, guard.interruption ?? error);
    } finally {
      guard.release();
    }
  }

  #compressing(request: HttpRequest): HttpRequest {
    if (!this.#compress || request.method !== 'GET') return request;
    return { ...request, headers: { ...request.headers, 'accept-encoding': 'gzip' } };
  }

  /** Sends a request on a connection of its own and hands over the answer as a stream. Time limit and signal hold until the headers are there. */
  async stream(request: HttpRequest): Promise<Answer> {
    const { guard, ...answer } = await this.#exchange(request, 'streams');
    guard.release();
    return answer;
  }

  /** Ends everything that is under way. */
  close(): void {
    this.#closed = true;
    for (const sent of this.#open) sent.destroy(new ClosedByUs());
    this.#pools?.http2?.close();
    this.#pools?.requests.destroy();
    this.#pools?.streams.destroy();
  }

  async #exchange(request: HttpRequest, via: 'requests' | 'streams'): Promise<Exchange> {
    let credentials = await this.endpoint.credentials();
    let renewed = false;
    for (let attempt = 1; ; attempt += 1) {
      request.signal?.throwIfAborted();
      const pools = this.#poolsFor(credentials);
      try {
        const exchange = await this.#start(request, pools, via);
        if (exchange.status !== 401 || renewed) return exchange;
        const others = await this.endpoint.credentials(credentials);
        if (others === credentials) return exchange;
        exchange.guard.release();
        exchange.body.destroy();
        credentials = others;
        renewed = true;
      } catch (error) {
        const isStale = error instanceof StaleConnection && (error.certain || isRepeatable(request));
        if (!isStale || attempt >= maxAttempts) throw this.#failure(request, error);
        // Where one idle connection was closed the others were too.
        dropIdle(pools.requests);
      }
    }
  }

  async #start(request: HttpRequest, pools: Pools, via: 'requests' | 'streams'): Promise<Exchange> {
    if (this.#closed) throw new ClosedByUs();
    const guard = new Guard({ timeoutMs: request.timeoutMs ?? defaultTimeoutMs, signal: request.signal });
    try {
      const http2 = via === 'streams' || pools.http2?.unspoken ? undefined : pools.http2;
      const connection = http2?.current ?? (http2 && (await guard.during(http2.connect())));
      if (this.#closed) throw new ClosedByUs();
      const answer = connection
        ? this.#multiplex(request, connection, { headers: pools.headers, guard })
        : this.#request(request, pools[via], { headers: pools.headers, guard });
      return Object.assign(await answer, { guard });
    } catch (error) {
      guard.release();
      throw this.#closed ? new ClosedByUs() : (guard.interruption ?? error);
    }
  }

  #multiplex(request: HttpRequest, connection: Http2Connection, { headers, guard }: Sending): Promise<Answer> {
    const path = this.#target.prefix + request.path;
    const sent = connection.request(
      { ':method': request.method, ':path': path, ...headers, ...request.headers },
      request.body,
    );
    const answer = connection.answerTo(sent);
    this.#watch(sent, guard);
    return answer;
  }

  #request(request: HttpRequest, agent: http.Agent, { headers, guard }: Sending): Promise<Answer> {
    const { prefix, ...target } = this.#target;
    const length = request.body === undefined ? {} : { 'content-length': Buffer.byteLength(request.body) };
    const open = target.protocol === 'http:' ? http.request : https.request;
    const sent = open({
      ...target,
      path: prefix + request.path,
      method: request.method,
      headers: { ...headers, ...request.headers, ...length },
      agent,
    });
    const answer = answerTo(sent, connectTimeoutMs);
    this.#watch(sent, guard);
    sent.end(request.body);
    return answer;
  }

  #watch(sent: http.ClientRequest | ClientHttp2Stream, guard: Guard): void {
    this.#open.add(sent);
    sent.once('close', () => this.#open.delete(sent));
    guard.watch(sent);
  }

  #poolsFor(credentials: Credentials): Pools {
    if (this.#pools?.credentials === credentials) return this.#pools;
    const way = this.#directTls(credentials.tls);
    const make = credentials.pool ?? directPool(this.endpoint.server, way);
    // What is under way ends on the old pool; its idle connections would keep the old identity.
    if (this.#pools) dropIdle(this.#pools.requests);
    this.#pools?.http2?.retire();
    const { protocol, hostname, port } = this.#target;
    const isDirect = protocol === 'https:' && !credentials.pool;
    this.#pools = {
      credentials,
      headers: { accept: 'application/json', 'user-agent': 'kubewright', ...credentials.headers },
      http2: isDirect ? new Http2Client({ hostname, port, tls: way, connectTimeoutMs }) : undefined,
      requests: make({ keepAlive: true, maxSockets: maxConnections }),
      streams: make({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY }),
    };
    return this.#pools;
  }

  /** One context for all connections: certificates would be parsed for each, and be part of every pool key. */
  #directTls({ ca, cert, key, servername, rejectUnauthorized }: TlsOptions): DirectTls {
    try {
      return {
        secureContext: createSecureContext({ ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }),
        ...(servername && { servername }),
        ...(rejectUnauthorized === false && { rejectUnauthorized }),
      };
    } catch (error) {
      throw new KubewrightError({
        code: 'CredentialsInvalid',
        resource: this.endpoint.name,
        message: `its certificates or keys cannot be used (${error instanceof Error ? error.message : 'unknown error'})`,
        hint: 'They have to be PEM, and the key has to fit its certificate.',
      });
    }
  }

  #failure(request: HttpRequest, error: unknown): unknown {
    if (request.signal?.aborted) return request.signal.reason;
    // The connection may be dead without anybody having closed it.
    if (error instanceof TimeLimit) this.#pools?.http2?.retire();
    return networkError(error instanceof StaleConnection ? error.cause : error, this.endpoint, request.purpose);
  }
}

function isRepeatable(request: HttpRequest): boolean {
  return request.repeatable ?? ['GET', 'PUT', 'DELETE'].includes(request.method);
}

function directPool(server: string, way: DirectTls): (options: PoolOptions) => http.Agent {
  if (server.startsWith('http:')) return (options) => new http.Agent(options);
  return (options) => new https.Agent({ ...options, ...way });
}

function dropIdle(agent: http.Agent): void {
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}

/** Iterating over a stream costs more than a small answer itself. */
function readBody({ body, isWhole }: Answer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let isRead = false;
    body.on('data', (chunk: Buffer) => void chunks.push(chunk));
    body.once('end', () => {
      if (!isWhole()) return;
      isRead = true;
      const [first] = chunks;
      resolve(chunks.length === 1 && first ? first : Buffer.concat(chunks));
    });
    body.once('error', reject);
    // A connection that breaks in the middle.
    body.once('close', () => void (isRead || reject(new Error('aborted'))));
  });
}
