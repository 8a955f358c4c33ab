import { KubewrightError } from '../errors.ts';
import { isApiError, networkError } from './api-error.ts';
import type { Purpose } from './api-error.ts';
import type * as port from './cluster.ts';
import { Discovery } from './discovery.ts';
import type { KnownKinds } from './discovery.ts';
import { Transport } from './http.ts';
import type { Endpoint, HttpRequest, HttpResponse } from './http.ts';
import { notJsonError, notServedError, refusalError } from './refusal.ts';
import { readWatchLines, toEvent } from './watch-stream.ts';

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** A request about objects of one kind. */
interface ObjectRequest extends port.CallOptions {
  readonly method: string;
  readonly purpose: Purpose;
  readonly kind: port.KindReference;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
  readonly query?: Query;
  readonly contentType?: string;
  readonly body?: unknown;
  readonly repeatable?: boolean;
}

const pageSize = 500;
const applyType = 'application/apply-patch+yaml';
const patchTypes = { merge: 'application/merge-patch+json', json: 'application/json-patch+json' } as const;

/** The port's adapter: the Kubernetes REST conventions over one {@link Transport}. */
export class ApiCluster implements port.Cluster {
  readonly name: string;
  readonly server: string;
  readonly namespace: string;
  readonly #transport: Transport;
  readonly #discovery: Discovery;

  constructor(endpoint: Endpoint, options: { readonly knownKinds?: KnownKinds } = {}) {
    this.name = endpoint.name;
    this.server = endpoint.server;
    this.namespace = endpoint.namespace;
    this.#transport = new Transport(endpoint);
    this.#discovery = new Discovery((path, call) => this.#document(path, call), options.knownKinds);
  }

  discover(
    kind: port.KindReference,
    options: port.CallOptions & { readonly refresh?: boolean } = {},
  ): Promise<port.ApiResource | undefined> {
    return this.#discovery.find(kind, options);
  }

  resources(options: port.ResourcesOptions = {}): Promise<readonly port.ApiResource[]> {
    return this.#discovery.all(options);
  }

  async get(ref: port.ObjectReference, options: port.CallOptions = {}): Promise<port.KubernetesObject | undefined> {
    try {
      return await this.#json({ ...options, ...addressOf(ref), method: 'GET', purpose: purposeOf('get', ref) });
    } catch (error) {
      if (isApiError(error, 'NotFound', 'KindNotServed')) return undefined;
      throw error;
    }
  }

  async list(query: port.ListQuery, options: port.CallOptions = {}): Promise<port.ObjectList> {
    const items: port.KubernetesObject[] = [];
    let token: string | undefined;
    let limit: number | undefined = pageSize;
    for (;;) {
      let page: ListDocument;
      try {
        page = await this.#page(query, { limit, continue: token }, options);
      } catch (error) {
        if (!token || !isApiError(error, 'Expired')) throw error;
        // The list changed for longer than the server keeps its pages: one large page cannot expire.
        items.length = 0;
        token = limit = undefined;
        continue;
      }
      const { apiVersion, kind } = query;
      for (const item of page.items ?? []) items.push(Object.assign(item, { apiVersion, kind }));
      token = page.metadata?.continue || undefined;
      if (!token) return { items, resourceVersion: page.metadata?.resourceVersion ?? '' };
    }
  }

  async *watch(query: port.ListQuery, options: port.WatchOptions): AsyncGenerator<port.WatchEvent> {
    const { resourceVersion, signal, timeoutSeconds = 30, graceMs = 5_000 } = options;
    const purpose = purposeOf('watch', { ...query, name: '' });
    const deadlineMs = timeoutSeconds * 1000 + graceMs;
    const parameters = { ...selectors(query), watch: true, allowWatchBookmarks: true, resourceVersion, timeoutSeconds };
    try {
      const request = await this.#request({
        method: 'GET',
        kind: query,
        namespace: query.namespace,
        purpose,
        query: parameters,
        signal,
        timeoutMs: deadlineMs,
      });
      const { status, headers, body } = await this.#transport.stream(request);
      if (status >= 400) {
        const text = (await body.toArray()).join('');
        throw refusalError({ status, body: text, retryAfter: headers['retry-after'] }, this, purpose);
      }
      for await (const line of readWatchLines(body, { deadlineMs, signal })) {
        const event = toEvent(line);
        if (!event)
          throw refusalError({ status: statusOf(line.object), body: JSON.stringify(line.object) }, this, purpose);
        yield event;
      }
    } catch (error) {
      if (signal?.aborted) return;
      throw networkError(error, this, purpose);
    }
  }

  async apply(object: port.KubernetesObject, options: port.ApplyOptions): Promise<port.ApplyResult> {
    const { dryRun, fieldManager, force, ...call } = options;
    const purpose = purposeOf(dryRun ? 'dry-run apply' : 'apply', object);
    const response = await this.#send({
      ...call,
      ...addressOf(object),
      method: 'PATCH',
      purpose,
      query: { fieldManager, fieldValidation: 'Strict', force, dryRun: dryRun && 'All' },
      contentType: applyType,
      body: object,
      repeatable: true,
    });
    return {
      object: this.#parse(response, purpose) as port.KubernetesObject,
      created: response.status === 201,
      warnings: warningsOf(response),
    };
  }

  create(object: port.NewObject, options: port.WriteOptions = {}): Promise<port.KubernetesObject> {
    const { name = '', namespace } = object.metadata ?? {};
    const write = {
      method: 'POST',
      purpose: purposeOf('create', { ...object, name, namespace }),
      kind: object,
      namespace,
      body: object,
    };
    return this.#json({ ...writeOptions(options), ...write });
  }

  update(object: port.KubernetesObject, options: port.UpdateOptions = {}): Promise<port.KubernetesObject> {
    const write = {
      method: 'PUT',
      purpose: purposeOf('update', object),
      subresource: options.subresource,
      body: object,
    };
    return this.#json({ ...writeOptions(options), ...addressOf(object), ...write });
  }

  patch(
    ref: port.ObjectReference,
    patch: port.Patch,
    options: port.UpdateOptions = {},
  ): Promise<port.KubernetesObject> {
    return this.#json({
      ...writeOptions(options),
      ...addressOf(ref),
      method: 'PATCH',
      purpose: purposeOf('patch', ref),
      subresource: options.subresource,
      contentType: patchTypes[patch.type],
      body: patch.body,
      repeatable: patch.type === 'merge',
    });
  }

  async delete(ref: port.ObjectReference, options: port.DeleteOptions = {}): Promise<port.DeleteResult> {
    const { uid, resourceVersion, propagation, gracePeriodSeconds, dryRun, ...call } = options;
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      ...((uid || resourceVersion) && { preconditions: { uid, resourceVersion } }),
      propagationPolicy: propagation,
      gracePeriodSeconds,
      ...(dryRun && { dryRun: ['All'] }),
    };
    try {
      const request = { ...call, ...addressOf(ref), method: 'DELETE', purpose: purposeOf('delete', ref), body };
      return (await this.#json<{ kind?: string }>(request)).kind === 'Status' ? 'gone' : 'terminating';
    } catch (error) {
      if (isApiError(error, 'NotFound', 'KindNotServed')) return 'absent';
      throw error;
    }
  }

  async logs(
    pod: { readonly name: string; readonly namespace: string },
    options: port.LogOptions = {},
  ): Promise<string> {
    const { container, tailLines, previous, ...call } = options;
    const ref = { apiVersion: 'v1', kind: 'Pod', ...pod };
    const query = { container, tailLines, previous };
    return (
      await this.#send({
        ...call,
        ...addressOf(ref),
        method: 'GET',
        purpose: purposeOf('logs', ref),
        subresource: 'log',
        query,
      })
    ).body;
  }

  async version(options: port.CallOptions = {}): Promise<port.ServerVersion> {
    const { major, minor, gitVersion } = (await this.#document('/version', options)) as port.ServerVersion;
    return { major, minor, gitVersion };
  }

  request(request: port.RawRequest): Promise<port.RawResponse> {
    const { method = 'GET', headers = {} } = request;
    // HTTP/2 tells names apart by case, and its own are small.
    const named = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    return this.#transport.send({
      ...request,
      method,
      headers: named,
      purpose: { verb: method, resource: request.path },
    });
  }

  close(): void {
    this.#transport.close();
  }

  async #document(path: string, options: port.CallOptions & { readonly accept?: string }): Promise<unknown> {
    const { accept, ...call } = options;
    const purpose = { verb: 'read', resource: path };
    const response = await this.#transport.send({
      ...call,
      method: 'GET',
      path,
      purpose,
      ...(accept && { headers: { accept } }),
    });
    if (response.status === 404) return undefined;
    return this.#parse(this.#checked(response, purpose), purpose);
  }

  #page(query: port.ListQuery, parameters: Query, options: port.CallOptions): Promise<ListDocument> {
    const purpose = purposeOf('list', { ...query, name: '' });
    const selected = { ...selectors(query), ...parameters };
    return this.#json({ ...options, method: 'GET', purpose, kind: query, namespace: query.namespace, query: selected });
  }

  async #json<T = port.KubernetesObject>(request: ObjectRequest): Promise<T> {
    return this.#parse(await this.#send(request), request.purpose) as T;
  }

  async #send(request: ObjectRequest): Promise<HttpResponse> {
    const response = await this.#transport.send(await this.#request(request));
    if (response.status === 404) this.#discovery.forget(request.kind.apiVersion);
    return this.#checked(response, request.purpose);
  }

  async #request(request: ObjectRequest): Promise<HttpRequest> {
    const { kind, purpose, contentType = 'application/json', body, method, repeatable, signal, timeoutMs } = request;
    const resource = await this.#discovery.find(kind, { signal, timeoutMs });
    if (!resource) throw notServedError(kind, this, purpose);
    const path = `${pathOf(resource, request)}${queryString(request.query)}`;
    const sent = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': contentType } };
    return { method, path, purpose, repeatable, signal, timeoutMs, ...sent };
  }

  #parse(response: HttpResponse, purpose: Purpose): unknown {
    try {
      return JSON.parse(response.body);
    } catch {
      // Without the parser's error: it quotes the text.
      throw notJsonError(response.status, this, purpose);
    }
  }

  #checked(response: HttpResponse, purpose: Purpose): HttpResponse {
    if (response.status < 400) return response;
    throw refusalError(
      { status: response.status, body: response.body, retryAfter: response.headers['retry-after'] },
      this,
      purpose,
    );
  }
}

interface ListDocument {
  readonly items?: readonly port.KubernetesObject[];
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
}

function addressOf(
  object: port.KubernetesObject | port.ObjectReference,
): Pick<ObjectRequest, 'kind' | 'name' | 'namespace'> {
  const { name, namespace } = (object as Partial<port.KubernetesObject>).metadata ?? (object as port.ObjectReference);
  return { kind: object, name, namespace };
}

function purposeOf(verb: string, object: port.KubernetesObject | port.ObjectReference): Purpose {
  const { name, namespace } = addressOf(object);
  const address = namespace && name ? `${namespace}/${name}` : namespace || name;
  return { verb, kind: object.kind, resource: address ? `${object.kind} ${address}` : object.kind };
}

function pathOf(resource: port.ApiResource, request: ObjectRequest): string {
  const { namespace, name, subresource, purpose, method } = request;
  const whole = method === 'GET' && name === undefined;
  if (resource.namespaced && !namespace && !whole) {
    throw new KubewrightError({
      code: 'NamespaceMissing',
      resource: purpose.resource,
      path: 'metadata.namespace',
      message: `is missing, and ${resource.kind} is a namespaced kind`,
      hint: 'Give the namespace.',
    });
  }
  const base = resource.apiVersion.includes('/') ? '/apis/' : '/api/';
  const scope = resource.namespaced && namespace ? `/namespaces${segment(namespace)}` : '';
  return `${base}${resource.apiVersion}${scope}/${resource.plural}${segment(name)}${segment(subresource)}`;
}

/** Most names are plain. */
function segment(part: string | undefined): string {
  if (part === undefined) return '';
  return /^[a-z0-9.-]*$/.test(part) ? `/${part}` : `/${encodeURIComponent(part)}`;
}

function queryString(query: Query = {}): string {
  let text = '';
  for (const key in query) {
    const value = query[key];
    if (value !== undefined && value !== false) text += `${text ? '&' : '?'}${key}=${encodeURIComponent(value)}`;
  }
  return text;
}

function selectors({ labelSelector, fieldSelector }: port.ListQuery): Query {
  return { labelSelector, fieldSelector };
}

function writeOptions(options: port.WriteOptions): Pick<ObjectRequest, 'query' | 'signal' | 'timeoutMs'> {
  const { dryRun, fieldManager = 'kubewright', signal, timeoutMs } = options;
  return { signal, timeoutMs, query: { fieldManager, fieldValidation: 'Strict', dryRun: dryRun && 'All' } };
}

function statusOf(object: port.KubernetesObject): number {
  return typeof object['code'] === 'number' ? object['code'] : 500;
}

/** `299 - "text"`, one or several of them. */
function warningsOf(response: HttpResponse): readonly string[] {
  const { warning: header } = response.headers;
  if (!header) return [];
  return [...header.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text.replaceAll(/\\(.)/g, '$1'));
}
