import type { Hash } from 'node:crypto';
import { adapt } from '../adapt.ts';
import { CelMap, omit } from '../cel-values.ts';
import { isMap, mapEntries, mapFind, mapSize } from '../collections.ts';
import { Condition } from '../condition.ts';
import { fail, noSuchOverload } from '../failure.ts';
import { spend } from '../frame.ts';
import { type Int, toInt } from '../int64.ts';
import { marshalJson, unmarshalJson } from './json.ts';
import type { Library } from './overload.ts';

// Loading it takes milliseconds, and few expressions hash.
const createHash = (algorithm: string): Hash => process.getBuiltinModule('node:crypto').createHash(algorithm);

type List = readonly unknown[];
const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz';

function digest(algorithm: 'sha256' | 'md5', text: string): Uint8Array {
  return new Uint8Array(createHash(algorithm).update(text.toWellFormed()).digest());
}

function seededString(length: Int, seed: string): string {
  if (length <= 0) return fail('random.seededString length must be positive');
  spend(Number(length) / 16);
  const hash = Buffer.from(digest('sha256', seed));
  const period = Array.from({ length: 8 }, (_, index) => alphabet.charAt(hash.readUInt32BE(index * 4) % 36)).join('');
  return period.repeat(Math.ceil(Number(length) / 8)).slice(0, Number(length));
}

function seededInt(minimum: Int, maximum: Int, seed: string): Int {
  if (minimum >= maximum) return fail('random.seededInt min must be less than max');
  const value = Buffer.from(digest('sha256', seed)).readBigUInt64BE();
  // Go's unsigned subtraction and signed addition wrap around.
  const range = BigInt.asUintN(64, BigInt(maximum) - BigInt(minimum));
  return toInt(BigInt.asIntN(64, BigInt(minimum) + BigInt.asIntN(64, value % range)));
}

function fnv64a(text: string): Uint8Array {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, hash);
  return bytes;
}

function merge(left: object, right: object): CelMap {
  return CelMap.of([...mapEntries(left), ...mapEntries(right)]);
}

function deepMerge(left: unknown, right: unknown): unknown {
  if (!isMap(left) || !isMap(right)) throw noSuchOverload();
  if (mapSize(right) === 0) return left;
  if (mapSize(left) === 0) return right;
  const merged = CelMap.of(mapEntries(left));
  for (const [key, value] of mapEntries(right)) {
    const before = merged.get(key);
    merged.set(key, isMap(before) && isMap(value) ? deepMerge(before, value) : value);
  }
  return merged;
}

function bounded(name: string, list: List, index: Int, limit: number): number {
  if (index >= 0 && index < limit) return Number(index);
  const bound = limit > list.length ? `[0, ${list.length}]` : `[0, ${list.length})`;
  return fail(`${name}: index ${index} out of bounds ${bound}`);
}

function newCondition(_runtime: unknown, fields: object): Condition {
  const texts: Record<string, string> = {};
  for (const [key, value] of mapEntries(fields)) {
    if (typeof value !== 'string') return fail(`runtime.newCondition: ${String(key)} must be a string`);
    texts[String(key)] = value;
  }
  if (texts['type'] === '') return fail('runtime.newCondition: type must not be empty');
  if (!['True', 'False', 'Unknown'].includes(texts['status'] ?? '')) {
    return fail('runtime.newCondition: status must be one of True, False, Unknown');
  }
  return new Condition(texts);
}

function condition(_runtime: unknown, object: unknown, type: string): Condition {
  if (!isMap(object)) return fail('runtime.condition: obj must be an object');
  const status = mapFind(object, 'status');
  if (status === undefined) return new Condition({});
  if (!isMap(status)) return fail('runtime.condition: obj.status must be an object');
  const conditions = mapFind(status, 'conditions');
  if (conditions === undefined) return new Condition({});
  if (!Array.isArray(conditions)) return fail('runtime.condition: obj.status.conditions must be a list');
  const all = conditions.map((item) => toCondition(adapt(item)));
  return all.find((item) => item.type === type) ?? new Condition({});
}

function toCondition(value: unknown): Condition {
  if (value instanceof Condition) return value;
  if (!isMap(value)) return fail('runtime.condition: unexpected condition element type');
  const read = (key: string): string => {
    const found = mapFind(value, key);
    return typeof found === 'string' ? found : '';
  };
  return new Condition({
    type: read('type'),
    status: read('status'),
    reason: read('reason'),
    message: read('message'),
  });
}

/** kro's own functions. */
export const kro: Library = {
  'random.seededString': { '(int, string): string': seededString },
  'random.seededInt': { '(int, int, string): int': seededInt },
  merge: { 'map(K, V).(map(K, V)): map(K, V)': merge },
  deepMerge: { 'dyn.(dyn): dyn': deepMerge },
  'json.unmarshal': { '(string): dyn': unmarshalJson },
  'json.marshal': { '(dyn): string': marshalJson },
  'hash.fnv64a': { '(string): bytes': fnv64a },
  'hash.sha256': { '(string): bytes': (text: string) => digest('sha256', text) },
  'hash.md5': { '(string): bytes': (text: string) => digest('md5', text) },
  'lists.setAtIndex': {
    '(list(T), int, T): list(T)': (list: List, index: Int, value: unknown) =>
      list.with(bounded('lists.setAtIndex', list, index, list.length), value),
  },
  'lists.insertAtIndex': {
    '(list(T), int, T): list(T)': (list: List, index: Int, value: unknown) =>
      list.toSpliced(bounded('lists.insertAtIndex', list, index, list.length + 1), 0, value),
  },
  'lists.removeAtIndex': {
    '(list(T), int): list(T)': (list: List, index: Int) =>
      list.toSpliced(bounded('lists.removeAtIndex', list, index, list.length), 1),
  },
  omit: { '(): dyn': () => omit },
  newCondition: { 'kro.run.Runtime.(map(string, string)): kro.run.Condition': newCondition },
  condition: { 'kro.run.Runtime.(dyn, string): kro.run.Condition': condition },
};
