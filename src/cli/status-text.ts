import { isPlainObject } from './merge.ts';
import type { Terminal } from './terminal.ts';

type Colors = Terminal['colors'];

/** A status as aligned lines: scalars beside their names, objects indented below theirs. */
export function statusText(status: Readonly<Record<string, unknown>>, colors: Colors): string {
  const rows = rowsOf(status, 0);
  const width = Math.max(0, ...rows.filter(({ value }) => value !== undefined).map(({ name }) => name.length));
  return rows
    .map(({ name, value }) => (value === undefined ? name : `${name.padEnd(width)}  ${paint(value, colors)}`))
    .join('\n');
}

interface Row {
  readonly name: string;
  readonly value?: unknown;
}

function rowsOf(value: Readonly<Record<string, unknown>>, depth: number): Row[] {
  return Object.entries(value).flatMap(([key, item]): Row[] => {
    const name = '  '.repeat(depth) + key;
    return isPlainObject(item) && Object.keys(item).length > 0
      ? [{ name }, ...rowsOf(item, depth + 1)]
      : [{ name, value: item }];
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
