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
import { answerTo, ClosedByUs, Guard, readBody, StaleConnection, unlessAborted } from './exchange.ts';
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
  /** The body, where it is read as a whole: from the beginning, as nobody hears of the end of a stream that is over. */
  readonly read: Promise<Buffer> | undefined;
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
  /** The one of the pools, and those before it that have something under way. */
  #clients: readonly Http2Client[] = [];
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
    const { status, headers, read, guard } = await this.#exchange(this.#compressing(request), 'requests');
    try {
      const raw = await (read as Promise<Buffer>);
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
    const { guard, read: _read, ...answer } = await this.#exchange(request, 'streams');
    guard.release();
    return answer;
  }

  /** Ends everything that is under way. */
  close(): void {
    this.#closed = true;
    for (const sent of this.#open) sent.destroy(new ClosedByUs());
    for (const client of this.#clients) client.close();
    this.#pools?.requests.destroy();
    this.#pools?.streams.destroy();
  }

  async #exchange(request: HttpRequest, via: 'requests' | 'streams'): Promise<Exchange> {
    let credentials = await unlessAborted(this.endpoint.credentials(), request.signal);
    let renewed = false;
    for (let attempt = 1; ; attempt += 1) {
      request.signal?.throwIfAborted();
      const pools = this.#poolsFor(credentials);
      try {
        const exchange = await this.#start(request, pools, via);
        if (exchange.status !== 401 || renewed) return exchange;
        const others = await this.#otherThan(credentials, exchange, request.signal);
        if (others === credentials) return exchange;
        discard(exchange);
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

  /** Other credentials than those that were refused, if there are any. */
  async #otherThan(credentials: Credentials, refused: Exchange, signal: AbortSignal | undefined): Promise<Credentials> {
    // Whoever gets the refusal reads it later.
    refused.read?.catch(() => undefined);
    try {
      return await unlessAborted(this.endpoint.credentials(credentials), signal);
    } catch (error) {
      discard(refused);
      throw error;
    }
  }

  async #start(request: HttpRequest, pools: Pools, via: 'requests' | 'streams'): Promise<Exchange> {
    if (this.#closed) throw new ClosedByUs();
    const guard = new Guard({ timeoutMs: request.timeoutMs ?? defaultTimeoutMs, signal: request.signal });
    try {
      const http2 = via === 'streams' || pools.http2?.unspoken ? undefined : pools.http2;
      const connection = http2?.current ?? (http2 && (await guard.during(http2.connect())));
      if (this.#closed) throw new ClosedByUs();
      const { headers } = pools;
      const answer = await (http2 && connection
        ? this.#multiplex(request, { http2, connection }, { headers, guard })
        : this.#request(request, pools[via], { headers, guard }));
      return { ...answer, guard, read: via === 'requests' ? readBody(answer) : undefined };
    } catch (error) {
      guard.release();
      throw guard.interruption ?? error;
    }
  }

  #multiplex(
    request: HttpRequest,
    { http2, connection }: { readonly http2: Http2Client; readonly connection: Http2Connection },
    { headers, guard }: Sending,
  ): Promise<Answer> {
    const path = this.#target.prefix + request.path;
    const sent = connection.request(
      { ':method': request.method, ':path': path, ...headers, ...request.headers, ...lengthOf(request) },
      request.body,
    );
    const answer = connection.answerTo(sent);
    // It may be dead without anybody having closed it.
    this.#watch(sent, guard, () => http2.giveUp(connection));
    return answer;
  }

  #request(request: HttpRequest, agent: http.Agent, { headers, guard }: Sending): Promise<Answer> {
    const { prefix, ...target } = this.#target;
    const open = target.protocol === 'http:' ? http.request : https.request;
    const sent = open({
      ...target,
      path: prefix + request.path,
      method: request.method,
      headers: { ...headers, ...request.headers, ...lengthOf(request) },
      agent,
    });
    const answer = answerTo(sent, connectTimeoutMs);
    this.#watch(sent, guard);
    sent.end(request.body);
    return answer;
  }

  #watch(sent: http.ClientRequest | ClientHttp2Stream, guard: Guard, late?: () => void): void {
    this.#open.add(sent);
    sent.once('close', () => this.#open.delete(sent));
    guard.watch(sent, late);
  }

  #poolsFor(credentials: Credentials): Pools {
    if (this.#pools?.credentials === credentials) return this.#pools;
    const way = this.#directTls(credentials.tls);
    const make = credentials.pool ?? directPool(this.endpoint.server, way);
    // What is under way ends on the old pool; its idle connections would keep the old identity.
    if (this.#pools) dropIdle(this.#pools.requests);
    this.#pools?.http2?.replace();
    const { protocol, hostname, port } = this.#target;
    const isDirect = protocol === 'https:' && !credentials.pool;
    const http2 = isDirect ? new Http2Client({ hostname, port, tls: way, connectTimeoutMs }) : undefined;
    this.#clients = [...this.#clients.filter(({ isEnded }) => !isEnded), ...(http2 ? [http2] : [])];
    this.#pools = {
      credentials,
      headers: { accept: 'application/json', 'user-agent': 'kubewright', ...this.#checked(credentials.headers) },
      http2,
      requests: make({ keepAlive: true, maxSockets: maxConnections }),
      streams: make({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY }),
    };
    return this.#pools;
  }

  /** HTTP/2 would send what is no header. */
  #checked(headers: Headers): Headers {
    for (const [name, values] of Object.entries(headers)) {
      try {
        for (const value of [values].flat()) http.validateHeaderValue(name, value);
      } catch {
        throw new KubewrightError({
          code: 'CredentialsInvalid',
          resource: this.endpoint.name,
          message: `what it sends as ${name} holds a character that no header can have, such as the end of a line`,
          hint: 'Check the token or the user in the kubeconfig.',
        });
      }
    }
    return headers;
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
    // Such as a program that gives no credentials: nothing of that heals by itself.
    if (error instanceof KubewrightError) return error;
    const cause = error instanceof StaleConnection ? error.cause : error;
    return networkError(this.#closed ? new ClosedByUs() : cause, this.endpoint, request.purpose);
  }
}

function lengthOf({ body }: HttpRequest): { readonly 'content-length'?: number } {
  return body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
}

function discard({ guard, body }: Exchange): void {
  guard.release();
  body.destroy();
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
