import { CelMap, CelObject } from '../cel-values.ts';
import { fail, noSuchOverload } from '../failure.ts';
import type { CelType } from '../types.ts';
import { escapePath, isEncodedPath, unescape } from './url-escape.ts';
import type { Library } from './overload.ts';

const urlType: CelType = { kind: 'opaque', name: 'kubernetes.URL' };

interface Parts {
  readonly scheme: string;
  readonly host: string;
  /** As written. */
  readonly path: string;
  readonly query: string;
  /** Everything else that tells two URLs apart. */
  readonly rest: string;
}

/** A URL as Go's `net/url` reads it. */
class Url extends CelObject {
  readonly parts: Parts;

  constructor(parts: Parts) {
    super();
    this.parts = parts;
  }

  get celType(): CelType {
    return urlType;
  }

  override equals(other: unknown): boolean {
    if (!(other instanceof Url)) throw noSuchOverload();
    return JSON.stringify(this.parts) === JSON.stringify(other.parts);
  }

  get escapedPath(): string {
    const { path } = this.parts;
    if (path === '*' || isEncodedPath(path)) return path;
    return escapePath(unescape(path, 'path') ?? '');
  }

  /** Host name and port, `[::1]` without its brackets. */
  get address(): { name: string; port: string } {
    const { host } = this.parts;
    const match = /^(.*):(\d*)$/s.exec(host);
    const name = match?.[1] ?? host;
    return { name: /^\[.*\]$/s.test(name) ? name.slice(1, -1) : name, port: match?.[2] ?? '' };
  }
}

/** Reads what both of Go's parsers take; `request` is the one without fragment that wants an absolute URL or path. */
function read(text: string, request: boolean): Url | undefined {
  if (/[\u0000-\u001f\u007f]/.test(text)) return undefined;
  const hash = request ? -1 : text.indexOf('#');
  const whole = hash < 0 ? text : text.slice(0, hash);
  const fragment = hash < 0 ? '' : text.slice(hash + 1);
  if (unescape(fragment, 'fragment') === undefined || (request && whole === '')) return undefined;
  if (whole === '*') return new Url({ scheme: '', host: '', path: '*', query: '', rest: fragment });
  if (whole.startsWith(':')) return undefined;
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(whole)?.[1] ?? '';
  const after = scheme === '' ? whole : whole.slice(scheme.length + 1);
  const mark = after.indexOf('?');
  const body = mark < 0 ? after : after.slice(0, mark);
  const query = mark < 0 ? '' : after.slice(mark + 1);
  const parsed = hierarchy(body, scheme, request);
  if (!parsed) return undefined;
  return new Url({ scheme: scheme.toLowerCase(), ...parsed, query, rest: `${parsed.rest}#${fragment}` });
}

function hierarchy(body: string, scheme: string, request: boolean): Pick<Parts, 'host' | 'path' | 'rest'> | undefined {
  if (!body.startsWith('/')) {
    if (scheme !== '') return { host: '', path: '', rest: `opaque:${body}` };
    if (request || /^[^/]*:/.test(body)) return undefined;
  }
  let host = '';
  let user = '';
  let path = body;
  if (body.startsWith('//') && (scheme !== '' || (!request && !body.startsWith('///')))) {
    const slash = body.indexOf('/', 2);
    const authority = slash < 0 ? body.slice(2) : body.slice(2, slash);
    path = slash < 0 ? '' : body.slice(slash);
    const at = authority.lastIndexOf('@');
    user = at < 0 ? '' : authority.slice(0, at);
    if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user) || unescape(user, 'user') === undefined) return undefined;
    const found = readHost(authority.slice(at + 1));
    if (found === undefined) return undefined;
    host = found;
  }
  return unescape(path, 'path') === undefined ? undefined : { host, path, rest: user };
}

function readHost(text: string): string | undefined {
  if (text.startsWith('[')) {
    const end = text.lastIndexOf(']');
    if (end < 0 || !/^(:\d*)?$/.test(text.slice(end + 1))) return undefined;
  } else {
    const colon = text.lastIndexOf(':');
    if (colon >= 0 && !/^:\d*$/.test(text.slice(colon))) return undefined;
  }
  return unescape(text, 'host');
}

function parse(text: string): Url {
  const url = read(text, true) && read(text, false);
  return url ?? fail('URL parse error during conversion from string');
}

function queryOf({ parts }: Url): CelMap {
  const values = new CelMap();
  for (const pair of parts.query === '' ? [] : parts.query.split('&')) {
    if (pair === '' || pair.includes(';')) continue;
    const equals = pair.indexOf('=');
    const key = unescape(equals < 0 ? pair : pair.slice(0, equals), 'query');
    const value = equals < 0 ? '' : unescape(pair.slice(equals + 1), 'query');
    if (key === undefined || value === undefined) continue;
    values.set(key, [...((values.get(key) as string[] | undefined) ?? []), value]);
  }
  return values;
}

/** Kubernetes' URL library. */
/** Whether Go's `url.ParseRequestURI` takes a text. */
export function isRequestUrl(text: string): boolean {
  return read(text, true) !== undefined;
}

export const url: Library = {
  url: { '(string): kubernetes.URL': parse },
  isURL: { '(string): bool': isRequestUrl },
  getScheme: { 'kubernetes.URL.(): string': ({ parts }: Url) => parts.scheme },
  getHost: { 'kubernetes.URL.(): string': ({ parts }: Url) => parts.host },
  getHostname: { 'kubernetes.URL.(): string': ({ address }: Url) => address.name },
  getPort: { 'kubernetes.URL.(): string': ({ address }: Url) => address.port },
  getEscapedPath: { 'kubernetes.URL.(): string': ({ escapedPath }: Url) => escapedPath },
  getQuery: { 'kubernetes.URL.(): map(string, list(string))': queryOf },
};
