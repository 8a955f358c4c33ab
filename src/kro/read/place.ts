/** Where the parts of a document are written: the same shape as its value. */
export interface Place {
  /** Offset of the key, of an item's value, or of the document. */
  readonly offset: number;
  readonly fields?: ReadonlyMap<string, Place>;
  readonly items?: readonly Place[];
}

export type Path = readonly (string | number)[];

/** The place of a path, or of the nearest part above it that is there. */
export function placeOf(root: Place, path: Path): Place {
  let place = root;
  for (const part of path) {
    const next = typeof part === 'number' ? place.items?.[part] : place.fields?.get(part);
    if (!next) break;
    place = next;
  }
  return place;
}

/** Finds the line of an offset in a text; lines count from 1. */
export class Lines {
  readonly #starts: number[] = [0];

  constructor(text: string) {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  lineOf(offset: number): number {
    const starts = this.#starts;
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }
}
