import type { Node } from '../../expr/ast.ts';
import { CelError } from '../../expr/error.ts';
import { parse } from '../../expr/parse.ts';
import type { Path } from '../read/place.ts';
import { NestedExpression, scan } from '../read/scan.ts';
import { KroRefusal } from './refusal.ts';

/** An expression of a definition. It is parsed when it is first asked for. */
export class FieldExpression {
  /** What kro compiles: of a text with holes, the concatenation. */
  readonly cel: string;
  /** What the author wrote, without `${}`: what messages show. */
  readonly shown: string;
  /** kro's path in the resource. */
  readonly path: string;
  readonly place: Path;
  #node: Node | undefined;

  constructor(parts: Pick<FieldExpression, 'cel' | 'shown' | 'path' | 'place'>) {
    this.cel = parts.cel;
    this.shown = parts.shown;
    this.path = parts.path;
    this.place = parts.place;
  }

  /** @throws KroRefusal `parse error: …` */
  node(): Node {
    try {
      return (this.#node ??= parse(this.cel));
    } catch (error) {
      if (error instanceof CelError) throw new KroRefusal('CelSyntax', `parse error: ${error.message}`, this.place);
      throw error;
    }
  }
}

/** The expression that a text is or holds, `undefined` for plain text. */
export function expressionOf(text: string, path: string, place: Path): FieldExpression | undefined {
  const scanned = scanText(text, place);
  if (scanned.kind === 'plain') return undefined;
  return new FieldExpression({
    cel: scanned.cel,
    shown: scanned.kind === 'standalone' ? scanned.cel : text,
    path,
    place,
  });
}

/** Expressions of a place that takes no text around them (conditions, forEach). */
export function standalone(texts: readonly string[], place: Path): FieldExpression[] {
  return texts.map((text, index) => {
    const at = [...place, index];
    const scanned = scanText(text, at);
    if (scanned.kind !== 'standalone')
      throw new KroRefusal('NotStandalone', 'only standalone expressions are allowed', at);
    return new FieldExpression({ cel: scanned.cel, shown: scanned.cel, path: '', place: at });
  });
}

export function scanText(text: string, place: Path): ReturnType<typeof scan> {
  try {
    return scan(text);
  } catch (error) {
    if (error instanceof NestedExpression) throw new KroRefusal('NestedExpression', error.message, place);
    throw error;
  }
}
