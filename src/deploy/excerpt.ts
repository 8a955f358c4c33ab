/** How much is shown before the first difference. */
const lead = 20;

/** Two values as JSON of no more than `width` characters each, cut so that the place where they begin to differ is in both. */
export function excerpts(before: unknown, after: unknown, width: number): readonly [before: string, after: string] {
  const texts = [textOf(before), textOf(after)] as const;
  const isShort = texts.every(({ length }) => length <= width);
  const start = isShort ? 0 : Math.max(0, firstDifference(...texts) - lead);
  return [excerpt(texts[0], start, width), excerpt(texts[1], start, width)];
}

function textOf(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}

function firstDifference(left: string, right: string): number {
  let index = 0;
  while (index < left.length && left[index] === right[index]) index += 1;
  return index;
}

function excerpt(text: string, start: number, width: number): string {
  // Of a short text everything is shown.
  if (text.length <= width) return text;
  const head = start > 0 ? '…' : '';
  const part = text.slice(start, start + width - head.length);
  const isWhole = start + part.length === text.length;
  return head + (isWhole ? part : `${part.slice(0, -1)}…`);
}
