import type { Path } from '../read/place.ts';

/** A path as kro's parser writes it: a key with a dot stands in brackets. */
export function joinField(path: string, name: string): string {
  if (name === '' || name.includes('.')) return `${path}["${name}"]`;
  return path === '' ? name : `${path}.${name}`;
}

/** A path as the API server writes it. */
export function fieldText(path: Path): string {
  let text = '';
  for (const part of path) text += typeof part === 'number' ? `[${part}]` : text === '' ? part : `.${part}`;
  return text;
}
