import { isPlainObject } from './merge.ts';
import type { Terminal } from './terminal.ts';

type Colors = Terminal['colors'];
type Fields = Readonly<Record<string, unknown>>;

/**
 * A status as aligned lines: scalars beside their names, objects indented below theirs.
 *
 * @param order the status as its author wrote it: a server sorts the fields by name
 */
export function statusText(status: Fields, colors: Colors, order: Fields = {}): string {
  const rows = rowsOf(status, 0, order);
  const width = Math.max(0, ...rows.filter(({ value }) => value !== undefined).map(({ name }) => name.length));
  return rows
    .map(({ name, value }) => (value === undefined ? name : `${name.padEnd(width)}  ${paint(value, colors)}`))
    .join('\n');
}

interface Row {
  readonly name: string;
  readonly value?: unknown;
}

function rowsOf(value: Fields, depth: number, order: Fields): Row[] {
  const keys = [...new Set([...Object.keys(order), ...Object.keys(value)])].filter((key) => Object.hasOwn(value, key));
  return keys.flatMap((key): Row[] => {
    const name = '  '.repeat(depth) + key;
    const item = value[key];
    if (!isPlainObject(item) || Object.keys(item).length === 0) return [{ name, value: item }];
    const inner = order[key];
    return [{ name }, ...rowsOf(item, depth + 1, isPlainObject(inner) ? inner : {})];
  });
}

const good = new Set(['healthy', 'ready', 'active', 'running']);
const bad = new Set(['unhealthy', 'failed', 'error']);

function paint(value: unknown, { green, red, yellow }: Colors): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const word = text.toLowerCase();
  if (value === true || good.has(word)) return green(text);
  if (value === false || bad.has(word)) return red(text);
  return word === 'degraded' ? yellow(text) : text;
}
