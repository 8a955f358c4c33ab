import { parse } from '../../src/expr/parse.ts';
import { print } from '../../src/expr/print.ts';
import { parseSimpleSchema } from '../../src/schema/simple-schema-parse.ts';
import { piecesOf, type ResourcePieces } from '../../src/kro/read/pieces.ts';
import { scan } from '../../src/kro/read/scan.ts';
import { objectOf } from '../../src/kro/check/resource.ts';

/** A definition without what means nothing: expressions as kro compiles them, schemas as OpenAPI, empty lists left out. */
export function normalized(definition: unknown): unknown {
  const pieces = piecesOf({
    object: definition as Record<string, unknown>,
    file: '',
    lineOf: () => undefined,
    repeated: [],
  });
  const { name, group, version, kind, scope, spec, types, status, schema, resources } = pieces;
  const kept = ['shortNames', 'categories', 'additionalPrinterColumns', 'metadata'].map((field) => [
    field,
    schema[field],
  ]);
  return {
    name,
    group,
    version,
    kind,
    scope,
    spec: parseSimpleSchema({ spec, types }),
    status: tree(status),
    resources: resources.map(resource),
    ...Object.fromEntries(kept),
  };
}

function resource(pieces: ResourcePieces): unknown {
  const { id, externalRef, readyWhen, includeWhen, forEach } = pieces;
  return {
    id,
    isExternal: externalRef !== undefined,
    object: tree(objectOf(pieces)),
    readyWhen: tree(readyWhen),
    includeWhen: tree(includeWhen),
    forEach: tree(forEach),
  };
}

function tree(value: unknown): unknown {
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return value.map(tree);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, tree(field)]));
}

/** A text and an expression that is only its literal are the same. */
function text(value: string): unknown {
  const scanned = scan(value);
  if (scanned.kind === 'plain') return { cel: JSON.stringify(value) };
  const node = parse(scanned.cel);
  const literal =
    node.kind === 'literal' && node.type === 'string'
      ? JSON.stringify(node.value)
      : print(node).replaceAll(/(?<!\\)" \+ "/g, '');
  return { cel: literal };
}
