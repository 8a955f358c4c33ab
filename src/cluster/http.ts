/**
 * The wire: requests over one pool of keep-alive connections of `node:https`, which measured faster than every other
 * client (see bench/cluster.ts). It knows nothing of Kubernetes but what a 401 means.
 */
import http from 'node:http';
import https from 'node:https';
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { KubewrightError } from '../errors.ts';
import { networkError } from './api-error.ts';
import type { Peer, Purpose } from './api-error.ts';
import { ClosedByUs, settle, StaleConnection } from './exchange.ts';
import type { Exchange } from './exchange.ts';

/** What TLS needs; the names are those of `node:tls`. */
export interface TlsOptions {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** What proves to the server who we are. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
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

interface Pools {
  readonly credentials: Credentials;
  readonly requests: http.Agent;
  readonly streams: http.Agent;
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
  readonly #open = new Set<http.ClientRequest>();
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
    const exchange = await this.#exchange(request, 'requests');
    try {
      const body = await readBody(exchange.response);
      return { status: exchange.response.statusCode ?? 0, headers: exchange.response.headers, body };
    } catch (error) {
      throw this.#failure(request, exchange.interruption() ?? error);
    } finally {
      exchange.release();
    }
  }

  /** Sends a request on a connection of its own and hands over the answer as a stream. Time limit and signal hold until the headers are there. */
  async stream(request: HttpRequest): Promise<http.IncomingMessage> {
    const exchange = await this.#exchange(request, 'streams');
    exchange.release();
    return exchange.response;
  }

  /** Ends everything that is under way. */
  close(): void {
    this.#closed = true;
    for (const request of this.#open) request.destroy(new ClosedByUs());
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
        const exchange = await this.#start(request, credentials, pools[via]);
        if (exchange.response.statusCode !== 401 || renewed) return exchange;
        const others = await this.endpoint.credentials(credentials);
        if (others === credentials) return exchange;
        exchange.release();
        exchange.response.destroy();
        credentials = others;
        renewed = true;
      } catch (error) {
        const again = error instanceof StaleConnection && attempt < maxAttempts && isRepeatable(request);
        if (!again) throw this.#failure(request, error);
        // Where one idle connection was closed the others were too.
        dropIdle(pools.requests);
      }
    }
  }

  #start(request: HttpRequest, credentials: Credentials, agent: http.Agent): Promise<Exchange> {
    if (this.#closed) throw new ClosedByUs();
    const { prefix, ...target } = this.#target;
    const headers: Record<string, string | number> = {
      accept: 'application/json',
      'user-agent': 'kubewright',
      ...credentials.headers,
      ...request.headers,
    };
    if (this.#compress && agent === this.#pools?.requests && request.method === 'GET')
      headers['accept-encoding'] = 'gzip';
    if (request.body !== undefined) headers['content-length'] = Buffer.byteLength(request.body);
    const open = target.protocol === 'http:' ? http.request : https.request;
    const sent = open({ ...target, path: prefix + request.path, method: request.method, headers, agent });
    this.#open.add(sent);
    sent.once('close', () => this.#open.delete(sent));
    const answer = settle(sent, {
      connectTimeoutMs,
      timeoutMs: request.timeoutMs ?? defaultTimeoutMs,
      signal: request.signal,
    });
    sent.end(request.body);
    return answer;
  }

  #poolsFor(credentials: Credentials): Pools {
    if (this.#pools?.credentials === credentials) return this.#pools;
    const secureContext = this.#secureContext(credentials.tls);
    const make = credentials.pool ?? directPool(this.endpoint.server, { ...credentials.tls, secureContext });
    // What is under way ends on the old pool; its idle connections would keep the old identity.
    if (this.#pools) dropIdle(this.#pools.requests);
    this.#pools = {
      credentials,
      requests: make({ keepAlive: true, maxSockets: maxConnections }),
      streams: make({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY }),
    };
    return this.#pools;
  }

  /** One context for all connections: certificates would be parsed for each, and be part of every pool key. */
  #secureContext({ ca, cert, key }: TlsOptions): SecureContext {
    try {
      return createSecureContext({ ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) });
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
    return networkError(error instanceof StaleConnection ? error.cause : error, this.endpoint, request.purpose);
  }
}

function isRepeatable(request: HttpRequest): boolean {
  return request.repeatable ?? ['GET', 'PUT', 'DELETE'].includes(request.method);
}

function directPool(
  server: string,
  tls: TlsOptions & { readonly secureContext: SecureContext },
): (options: PoolOptions) => http.Agent {
  if (server.startsWith('http:')) return (options) => new http.Agent(options);
  const { secureContext, servername, rejectUnauthorized } = tls;
  const way = {
    secureContext,
    ...(servername && { servername }),
    ...(rejectUnauthorized === false && { rejectUnauthorized }),
  };
  return (options) => new https.Agent({ ...options, ...way });
}

function dropIdle(agent: http.Agent): void {
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}

async function readBody(response: http.IncomingMessage): Promise<string> {
  const chunks = await readChunks(response);
  const [first] = chunks;
  const raw = chunks.length === 1 && first ? first : Buffer.concat(chunks);
  return (response.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString('utf8');
}

/** Iterating over a stream costs more than a small answer itself. */
function readChunks(response: http.IncomingMessage): Promise<readonly Buffer[]> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => void chunks.push(chunk));
    response.once('end', () => resolve(chunks));
    response.once('error', reject);
    // A connection that breaks in the middle.
    response.once('close', () => void (response.complete || reject(new Error('aborted'))));
  });
}
