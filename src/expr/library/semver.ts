import { CelObject } from '../cel-values.ts';
import { fail, noSuchOverload } from '../failure.ts';
import { type Int, toInt } from '../int64.ts';
import type { CelType } from '../types.ts';
import type { Library } from './overload.ts';

const semverType: CelType = { kind: 'opaque', name: 'kubernetes.Semver' };

/** A semantic version. Build metadata is read and plays no part in comparisons. */
class Semver extends CelObject {
  readonly numbers: readonly [bigint, bigint, bigint];
  readonly prerelease: readonly string[];

  constructor(numbers: readonly [bigint, bigint, bigint], prerelease: readonly string[]) {
    super();
    this.numbers = numbers;
    this.prerelease = prerelease;
  }

  get celType(): CelType {
    return semverType;
  }

  override equals(other: unknown): boolean {
    if (!(other instanceof Semver)) throw noSuchOverload();
    return this.compareTo(other) === 0;
  }

  override mapKey(): never {
    return fail('internal error: runtime error: hash of unhashable type cel.Semver');
  }

  compareTo(other: Semver): number {
    for (const [index, number] of this.numbers.entries()) {
      const against = other.numbers[index] ?? 0n;
      if (number !== against) return number < against ? -1 : 1;
    }
    return comparePrerelease(this.prerelease, other.prerelease);
  }
}

/** A version without pre-release comes after those with one. */
function comparePrerelease(left: readonly string[], right: readonly string[]): number {
  if (left.length === 0 || right.length === 0) return Math.sign(right.length - left.length);
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const order = compareIdentifier(left[index] ?? '', right[index] ?? '');
    if (order !== 0) return order;
  }
  return Math.sign(left.length - right.length);
}

function compareIdentifier(left: string, right: string): number {
  const numeric = /^\d+$/;
  const [a, b] = [numeric.test(left), numeric.test(right)];
  if (a && b) return Math.sign(Number(BigInt(left) - BigInt(right)));
  if (a !== b) return a ? -1 : 1;
  return left < right ? -1 : left > right ? 1 : 0;
}

const pattern =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/;

function read(text: string): Semver | undefined {
  const match = pattern.exec(text);
  if (!match) return undefined;
  const numbers = match.slice(1, 4).map(BigInt) as [bigint, bigint, bigint];
  const prerelease = match[4]?.split('.') ?? [];
  const fits = [...numbers, ...prerelease.filter((part) => /^\d+$/.test(part)).map(BigInt)];
  return fits.every((number) => BigInt.asUintN(64, number) === number) ? new Semver(numbers, prerelease) : undefined;
}

function part(index: 0 | 1 | 2): (version: Semver) => Int {
  return ({ numbers }) => toInt(BigInt.asIntN(64, numbers[index]));
}

/** Kubernetes' version library, without the normalising variants that kro does not enable. */
export const semver: Library = {
  semver: { '(string): kubernetes.Semver': (text: string) => read(text) ?? fail('Invalid semantic version') },
  isSemver: { '(string): bool': (text: string) => read(text) !== undefined },
  isGreaterThan: {
    'kubernetes.Semver.(kubernetes.Semver): bool': (left: Semver, right: Semver) => left.compareTo(right) > 0,
  },
  isLessThan: {
    'kubernetes.Semver.(kubernetes.Semver): bool': (left: Semver, right: Semver) => left.compareTo(right) < 0,
  },
  compareTo: {
    'kubernetes.Semver.(kubernetes.Semver): int': (left: Semver, right: Semver) => left.compareTo(right),
  },
  major: { 'kubernetes.Semver.(): int': part(0) },
  minor: { 'kubernetes.Semver.(): int': part(1) },
  patch: { 'kubernetes.Semver.(): int': part(2) },
};

/** Leaves a `v` and leading zeros out and adds the numbers that are missing. */
function normalized(text: string): string {
  const [major = '', minor, ...patch] = text.replace(/^v/, '').split('.');
  const parts = [major, minor, ...(patch.length > 0 ? [patch.join('.')] : [])]
    .filter((part) => part !== undefined)
    .map((part) => (part.length > 1 ? part.replace(/^0+/, '').replace(/^(?!\d)/, '0') : part));
  if (parts.length < 3 && /[+-]/.test(parts.at(-1) as string)) return '';
  while (parts.length < 3) parts.push('0');
  return parts.join('.');
}

const given = (text: string, normalize: boolean): string => (normalize ? normalized(text) : text);

/** The variants that normalise, which Kubernetes has in rules. */
export const normalizingSemver: Library = {
  semver: {
    '(string, bool): kubernetes.Semver': (text: string, normalize: boolean) =>
      read(given(text, normalize)) ?? fail('Invalid semantic version'),
  },
  isSemver: {
    '(string, bool): bool': (text: string, normalize: boolean) => read(given(text, normalize)) !== undefined,
  },
};
