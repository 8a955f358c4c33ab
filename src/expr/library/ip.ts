import { CelObject } from '../cel-values.ts';
import { fail, noSuchOverload } from '../failure.ts';
import type { CelType } from '../types.ts';
import type { Library } from './overload.ts';

const ipType: CelType = { kind: 'opaque', name: 'net.IP' };

/** An IPv4 or IPv6 address. */
export class Ip extends CelObject {
  readonly bytes: readonly number[];

  constructor(bytes: readonly number[]) {
    super();
    this.bytes = bytes;
  }

  get celType(): CelType {
    return ipType;
  }

  get family(): 4 | 6 {
    return this.bytes.length === 4 ? 4 : 6;
  }

  override equals(other: unknown): boolean {
    if (!(other instanceof Ip)) throw noSuchOverload();
    return sameBytes(this.bytes, other.bytes);
  }

  override mapKey(): string {
    return `ip ${this.bytes.join('.')}`;
  }

  /** The canonical text: IPv6 in lower case with the longest run of zeros left out. */
  override toString(): string {
    return this.family === 4 ? this.bytes.join('.') : formatIpv6(this.bytes);
  }
}

export function sameBytes(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

function formatIpv6(bytes: readonly number[]): string {
  const groups = Array.from({ length: 8 }, (_, index) => ((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0));
  let start = -1;
  let length = 1;
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (end < 8 && groups[end] === 0) end++;
    if (end - at > length) {
      start = at;
      length = end - at;
    }
  }
  const text = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':');
  return start < 0 ? text(groups) : `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

/** Reads an address as Go's `netip.ParseAddr`, without zones; IPv4 inside IPv6 is refused by the callers. */
export function parseAddress(text: string): Ip | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): Ip | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  // Go refuses leading zeros.
  if (!parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) return undefined;
  return new Ip(parts.map(Number));
}

function parseIpv6(text: string): Ip | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const read = (half: string): number[] | undefined => (half === '' ? [] : groups(half));
  const head = read(halves[0] ?? '');
  const tail = halves.length === 2 ? read(halves[1] ?? '') : [];
  if (!head || !tail) return undefined;
  if (halves.length === 2 && (halves[0] ?? '').includes('.')) return undefined;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
  return new Ip([...head, ...Array.from({ length: missing }, () => 0), ...tail]);
}

function groups(text: string): number[] | undefined {
  const bytes: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (part.includes('.')) {
      const last = index === parts.length - 1 ? parseIpv4(part) : undefined;
      if (!last) return undefined;
      bytes.push(...last.bytes);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      const group = Number.parseInt(part, 16);
      bytes.push(group >> 8, group & 0xff);
    }
  }
  return bytes;
}

export function isIpv4InIpv6(address: Ip): boolean {
  const { bytes } = address;
  return (
    bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255
  );
}

function valid(text: string): Ip | undefined {
  const address = parseAddress(text);
  return address && !isIpv4InIpv6(address) ? address : undefined;
}

export function parseIp(text: string): Ip {
  const address = parseAddress(text);
  if (!address) return fail('IP Address parse error during conversion from string');
  return isIpv4InIpv6(address) ? fail('IPv4-mapped IPv6 address is not allowed') : address;
}

function isUnspecified({ bytes }: Ip): boolean {
  return bytes.every((byte) => byte === 0);
}

function isLoopback({ bytes, family }: Ip): boolean {
  return family === 4 ? bytes[0] === 127 : bytes.every((byte, index) => byte === (index === 15 ? 1 : 0));
}

function isLinkLocalMulticast({ bytes, family }: Ip): boolean {
  if (family === 4) return bytes[0] === 224 && bytes[1] === 0 && bytes[2] === 0;
  return bytes[0] === 0xff && ((bytes[1] ?? 0) & 0x0f) === 2;
}

function isLinkLocalUnicast({ bytes, family }: Ip): boolean {
  if (family === 4) return bytes[0] === 169 && bytes[1] === 254;
  return bytes[0] === 0xfe && ((bytes[1] ?? 0) & 0xc0) === 0x80;
}

function isMulticast({ bytes, family }: Ip): boolean {
  return family === 4 ? ((bytes[0] ?? 0) & 0xf0) === 0xe0 : bytes[0] === 0xff;
}

function isGlobalUnicast(address: Ip): boolean {
  if (address.family === 4 && address.bytes.every((byte) => byte === 255)) return false;
  return !isUnspecified(address) && !isLoopback(address) && !isMulticast(address) && !isLinkLocalUnicast(address);
}

/** Kubernetes' IP library. */
export const ip: Library = {
  ip: { '(string): net.IP': parseIp },
  isIP: { '(string): bool': (text: string) => valid(text) !== undefined },
  'ip.isCanonical': { '(string): bool': (text: string) => parseIp(text).toString() === text },
  family: { 'net.IP.(): int': ({ family }: Ip) => family },
  isUnspecified: { 'net.IP.(): bool': isUnspecified },
  isLoopback: { 'net.IP.(): bool': isLoopback },
  isLinkLocalMulticast: { 'net.IP.(): bool': isLinkLocalMulticast },
  isLinkLocalUnicast: { 'net.IP.(): bool': isLinkLocalUnicast },
  isGlobalUnicast: { 'net.IP.(): bool': isGlobalUnicast },
  string: { '(net.IP): string': String },
};
