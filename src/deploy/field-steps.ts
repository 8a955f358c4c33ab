import type { FieldStep } from './ownership.ts';

/** `f:name` is a field, `k:{…}` and `v:…` are items. */
export function stepOf(name: string): FieldStep {
  return name.startsWith('f:') ? name.slice(2) : { item: JSON.parse(name.slice(2)) as unknown };
}

/** What is at a place. */
export function valueOf(value: unknown, steps: readonly FieldStep[]): unknown {
  let current = value;
  for (const step of steps) {
    if (typeof current !== 'object' || current === null) return undefined;
    if (typeof step === 'string') current = (current as Record<string, unknown>)[step];
    else current = (current as readonly unknown[]).find?.((item) => isItem(item, step.item));
  }
  return current;
}

/** What tells items with the same key apart, and what it is where it is left out: of port 53 there are often two. */
const secondKeys: Readonly<Record<string, readonly [key: string, usual?: string]>> = {
  containerPort: ['protocol', 'TCP'],
  port: ['protocol', 'TCP'],
  topologyKey: ['whenUnsatisfiable'],
};

/** Whether an item of a list is the wanted one, by what names it. */
export function isItem(item: unknown, wanted: unknown): boolean {
  if (typeof item !== 'object' || item === null || typeof wanted !== 'object' || wanted === null)
    return item === wanted;
  const [left, right] = [item, wanted] as Readonly<Record<string, unknown>>[];
  const key = ['name', 'containerPort', 'port', 'mountPath', 'uid', 'type', 'key', 'ip', 'topologyKey'].find(
    (name) => right?.[name] !== undefined,
  );
  if (key === undefined || left?.[key] !== right?.[key]) return false;
  const [second, usual] = secondKeys[key] ?? [];
  return second === undefined || (left?.[second] ?? usual) === (right?.[second] ?? usual);
}

export function pathOf(steps: readonly FieldStep[]): string {
  return steps
    .map((step, index) => {
      if (typeof step !== 'string') return `[${itemName(step.item)}]`;
      if (!/^[\w-]+$/.test(step)) return `[${JSON.stringify(step)}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');
}

function itemName(item: unknown): string {
  if (typeof item !== 'object' || item === null) return `=${JSON.stringify(item)}`;
  const [key, value] = Object.entries(item).find(([name]) =>
    ['name', 'containerPort', 'port', 'mountPath'].includes(name),
  ) ??
    Object.entries(item)[0] ?? ['', ''];
  const [second = '', usual] = secondKeys[key] ?? [];
  const other = (item as Readonly<Record<string, unknown>>)[second] ?? usual;
  return [`${key}=${JSON.stringify(value)}`, ...(other === usual ? [] : [`${second}=${JSON.stringify(other)}`])].join(
    ',',
  );
}
