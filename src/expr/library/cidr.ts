import { CelObject } from '../cel-values.ts';
import { fail, noSuchOverload } from '../failure.ts';
import type { CelType } from '../types.ts';
import { Ip, isIpv4InIpv6, parseAddress, parseIp, sameBytes } from './ip.ts';
import type { Library } from './overload.ts';

const cidrType: CelType = { kind: 'opaque', name: 'net.CIDR' };

/** An address with the length of its network's prefix. */
class Cidr extends CelObject {
  readonly address: Ip;
  readonly bits: number;

  constructor(address: Ip, bits: number) {
    super();
    this.address = address;
    this.bits = bits;
  }

  get celType(): CelType {
    return cidrType;
  }

  override equals(other: unknown): boolean {
    if (!(other instanceof Cidr)) throw noSuchOverload();
    return this.bits === other.bits && sameBytes(this.address.bytes, other.address.bytes);
  }

  override mapKey(): string {
    return `cidr ${this.address.bytes.join('.')}/${this.bits}`;
  }

  override toString(): string {
    return `${this.address.toString()}/${this.bits}`;
  }

  masked(): Cidr {
    return new Cidr(new Ip(maskBytes(this.address.bytes, this.bits)), this.bits);
  }

  contains(address: Ip): boolean {
    if (address.family !== this.address.family) return false;
    return sameBytes(maskBytes(address.bytes, this.bits), maskBytes(this.address.bytes, this.bits));
  }
}

function maskBytes(bytes: readonly number[], bits: number): number[] {
  return bytes.map((byte, index) => {
    const kept = Math.min(8, Math.max(0, bits - index * 8));
    return byte & (0xff << (8 - kept)) & 0xff;
  });
}

function read(text: string): Cidr | undefined {
  const slash = text.lastIndexOf('/');
  const address = slash < 0 ? undefined : parseAddress(text.slice(0, slash));
  const bits = text.slice(slash + 1);
  if (!address || isIpv4InIpv6(address) || !/^(0|[1-9]\d{0,2})$/.test(bits)) return undefined;
  return Number(bits) <= address.bytes.length * 8 ? new Cidr(address, Number(bits)) : undefined;
}

function parse(text: string): Cidr {
  return read(text) ?? fail('network address parse error during conversion from string');
}

/** Whether the other network lies within this one. */
function containsCidr(outer: Cidr, inner: Cidr): boolean {
  return outer.bits <= inner.bits && outer.contains(inner.address);
}

/** Kubernetes' CIDR library. */
export const cidr: Library = {
  cidr: { '(string): net.CIDR': parse },
  isCIDR: { '(string): bool': (text: string) => read(text) !== undefined },
  containsIP: {
    'net.CIDR.(string): bool': (network: Cidr, text: string) => network.contains(parseIp(text)),
    'net.CIDR.(net.IP): bool': (network: Cidr, address: Ip) => network.contains(address),
  },
  containsCIDR: {
    'net.CIDR.(string): bool': (network: Cidr, text: string) => containsCidr(network, parse(text)),
    'net.CIDR.(net.CIDR): bool': containsCidr,
  },
  ip: { 'net.CIDR.(): net.IP': ({ address }: Cidr) => address },
  prefixLength: { 'net.CIDR.(): int': ({ bits }: Cidr) => bits },
  masked: { 'net.CIDR.(): net.CIDR': (network: Cidr) => network.masked() },
  string: { '(net.CIDR): string': String },
};
