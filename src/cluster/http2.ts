/**
 * HTTP/2: all requests over one connection, as client-go sends them. Against a connection for each request under way it
 * saves both sides a tenth of their time (see bench/cluster.ts). Servers and gateways that only speak HTTP/1.1 say so
 * while TLS is agreed on.
 */
import http2 from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { isIP } from 'node:net';
import tls from 'node:tls';
import { StaleConnection, TimeLimit, type Answer } from './exchange.ts';

/** Where to connect to, and how TLS is agreed on. */
export interface Http2Target {
  readonly hostname: string;
  readonly port: string;
  readonly tls: tls.ConnectionOptions;
  readonly connectTimeoutMs: number;
}

/** Of one answer and of all together: the 64 KiB of the standard are one round trip each. */
const streamWindow = 4 * 2 ** 20;
const sessionWindow = 64 * 2 ** 20;
/** The default of 10 MB would refuse requests while large lists arrive. */
const sessionMemoryMb = 1024;
/** A connection without any answer to this is dead, although nobody closed it. */
const pingEveryMs = 15_000;
const keepAliveMs = 15_000;
const { HTTP2_HEADER_STATUS, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = http2.constants;

/** One connection at a time; a new one when it ended or was given up. */
export class Http2Client {
  readonly #target: Http2Target;
  /** All that are open: those that were given up finish what is under way on them. */
  readonly #connections = new Set<Http2Connection>();
  #current: Http2Connection | undefined;
  #connecting: Promise<Http2Connection | undefined> | undefined;
  #socket: tls.TLSSocket | undefined;
  #unspoken = false;
  #replaced = false;

  constructor(target: Http2Target) {
    this.#target = target;
  }

  /** The connection of the next request; absent when there is none yet, or none that is alive. */
  get current(): Http2Connection | undefined {
    if (this.#current && !this.#current.isUsable) this.#current = undefined;
    return this.#current;
  }

  /** Whether the server turned out not to speak HTTP/2. */
  get unspoken(): boolean {
    return this.#unspoken;
  }

  /** Whether nothing of it is left to end. */
  get isEnded(): boolean {
    return !this.#connecting && this.#connections.size === 0;
  }

  /** A new connection, one for all who ask at the same time; `undefined` when the server does not speak HTTP/2. */
  connect(): Promise<Http2Connection | undefined> {
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined));
    return this.#connecting;
  }

  /** What is under way ends on this connection, everything else goes over another one. */
  giveUp(connection: Http2Connection): void {
    if (this.#current === connection) this.#current = undefined;
    connection.close();
  }

  /** Another client takes its place: nothing new comes. */
  replace(): void {
    this.#replaced = true;
    if (this.#current) this.giveUp(this.#current);
  }

  /** Ends everything, and what is being connected. */
  close(): void {
    this.#socket?.destroy();
    for (const connection of this.#connections) connection.destroy();
  }

  async #connect(): Promise<Http2Connection | undefined> {
    const socket = open(this.#target);
    this.#socket = socket;
    try {
      await secured(socket, this.#target.connectTimeoutMs);
    } finally {
      this.#socket = undefined;
    }
    if (socket.alpnProtocol !== 'h2') {
      this.#unspoken = true;
      socket.destroy();
      return undefined;
    }
    const connection = new Http2Connection(socket, this.#target, () => this.#connections.delete(connection));
    this.#connections.add(connection);
    this.#current = connection;
    // Those who waited for it still use it.
    if (this.#replaced) setImmediate(() => this.giveUp(connection));
    return connection;
  }
}

/** One connection, and the requests that are under way on it. */
export class Http2Connection {
  readonly #session: ClientHttp2Session;
  readonly #socket: tls.TLSSocket;
  /** As HTTP/2 names the server; Node forgets the brackets of an IPv6 address. */
  readonly #authority: string;
  readonly #streams = new Set<ClientHttp2Stream>();
  #used = false;
  #beat: NodeJS.Timeout | undefined;

  constructor(socket: tls.TLSSocket, { hostname, port }: Http2Target, onClose: () => void) {
    const host = isIP(hostname) === 6 ? `[${hostname}]` : hostname;
    this.#authority = port && port !== '443' ? `${host}:${port}` : host;
    this.#socket = socket;
    // Before Node's own listener, for which a reset after a GOAWAY is a good end: answers would be torn and look whole.
    socket.on('error', (error) => {
      for (const stream of this.#streams) if (!stream.closed) stream.destroy(error);
    });
    this.#session = http2.connect(`https://${this.#authority}`, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: streamWindow },
      maxSessionMemory: sessionMemoryMb,
    });
    this.#session.once('connect', (session) => {
      if (!session.destroyed) session.setLocalWindowSize(sessionWindow);
    });
    // Those whose requests are under way hear of it; with none there is nobody to tell.
    this.#session.on('error', () => undefined);
    this.#session.once('close', onClose);
    this.#session.unref();
  }

  get isUsable(): boolean {
    return !this.#session.closed && !this.#session.destroyed;
  }

  /**
   * Sends a request.
   *
   * @throws StaleConnection when the connection ended a moment ago
   */
  request(headers: http2.OutgoingHttpHeaders, body: string | undefined): ClientHttp2Stream {
    if (!this.isUsable) throw new StaleConnection(new Error('the server closed the connection'), { certain: true });
    // Node believes that a DELETE has no body.
    const stream = this.#session.request(
      { ':authority': this.#authority, ...headers },
      { endStream: body === undefined },
    );
    this.#begin(stream);
    stream.once('close', () => this.#end(stream));
    if (body !== undefined) stream.end(body);
    return stream;
  }

  /** Settles with the headers of the answer. */
  answerTo(stream: ClientHttp2Stream): Promise<Answer> {
    const isReused = this.#used;
    this.#used = true;
    return new Promise((resolve, reject) => {
      let answered = false;
      stream.once('response', (headers) => {
        answered = true;
        const status = Number(headers[HTTP2_HEADER_STATUS]);
        resolve({ status, headers, body: stream, isWhole: () => stream.rstCode === NGHTTP2_NO_ERROR });
      });
      const failed = (error: Error): void => {
        const certain = stream.rstCode === NGHTTP2_REFUSED_STREAM;
        const lost = isReused && this.#session.destroyed && !(error instanceof DeadConnection);
        reject(certain || lost ? new StaleConnection(error, { certain }) : error);
      };
      // Also after the answer: a connection that breaks late must not become an uncaught exception.
      stream.on('error', failed);
      // A server that only hangs up is no error to Node.
      stream.once('close', () => void (answered || failed(new Error('the server closed the connection'))));
    });
  }

  close(): void {
    this.#session.close();
  }

  destroy(reason?: Error): void {
    this.#session.destroy(reason);
  }

  /** A connection that nothing is under way on does not keep the process alive. */
  #begin(stream: ClientHttp2Stream): void {
    this.#streams.add(stream);
    if (this.#streams.size > 1) return;
    this.#session.ref();
    this.#beat = setInterval(() => this.#ping(), pingEveryMs).unref();
  }

  #end(stream: ClientHttp2Stream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    clearInterval(this.#beat);
    if (!this.#session.destroyed) this.#session.unref();
  }

  #ping(): void {
    if (this.#session.destroyed) return;
    const { bytesRead } = this.#socket;
    let isAnswered = false;
    const end = (): void => {
      // An answer waits behind what was sent before it, and that arrives.
      if (!isAnswered && this.#socket.bytesRead === bytesRead)
        this.destroy(new DeadConnection('the server answered no ping', pingEveryMs));
    };
    // When this process itself was busy, what arrived only has to be read.
    const timer = setTimeout(() => setImmediate(end), pingEveryMs).unref();
    const answered = (): void => {
      isAnswered = true;
      clearTimeout(timer);
    };
    if (!this.#session.ping(answered)) answered();
  }
}

/** Not to be tried again at once: it took long enough to find out. */
class DeadConnection extends TimeLimit {}

function open({ hostname, port, tls: options }: Http2Target): tls.TLSSocket {
  const servername = options.servername ?? (isIP(hostname) ? '' : hostname);
  const ALPNProtocols = ['h2', 'http/1.1'];
  const socket = tls.connect({ ...options, host: hostname, port: Number(port || 443), servername, ALPNProtocols });
  // Whoever waits for it keeps the process alive. Idle connections must not be forgotten by what is on the way.
  return socket.setNoDelay(true).setKeepAlive(true, keepAliveMs).unref();
}

function secured(socket: tls.TLSSocket, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new TimeLimit('no connection', timeoutMs)), timeoutMs).unref();
    const settled = (): void => {
      clearTimeout(timer);
      socket.off('error', failed).off('close', hungUp);
    };
    const failed = (error: Error): void => {
      settled();
      reject(error);
    };
    const hungUp = (): void => failed(new Error('the server closed the connection'));
    socket.once('error', failed).once('close', hungUp);
    socket.once('secureConnect', () => {
      settled();
      resolve();
    });
  });
}
