import { ruleFaults } from '../../graph/served-rules.ts';
import { type Fault, unknownFields, valueFaults } from '../../graph/served-values.ts';
import type { JsonSchema } from '../../schema/json-schema.ts';
import { goJson } from './go-json.ts';
import type { Found } from './served-kind.ts';

/** What the API server says to the defaults of a schema. Those of maps' values are not looked at. */
export function* defaultProblems(schema: JsonSchema, path: string, place: readonly string[]): Iterable<Found> {
  const { default: value, properties = {}, items } = schema;
  if (value !== undefined && value !== null) {
    const at = `${path}.default`;
    const [unknown] = unknownFields(schema, value);
    if (unknown) yield { path: at, message: `Invalid value: ${goJson(value)}: must not have unknown fields`, place };
    const faults = [...valueFaults(schema, value)];
    for (const fault of faults) yield { ...valueFound(schema, fault, at), place };
    if (faults.length === 0)
      // A default is judged as if it took the place of itself.
      for (const fault of ruleFaults(schema, value, value))
        yield { path: `${at}${fieldPath(schema, fault.path)}`, message: messageOf(fault, ''), place };
  }
  for (const [name, field] of Object.entries(properties))
    yield* defaultProblems(field, `${path}.properties[${name}]`, [...place, name]);
  if (items) yield* defaultProblems(items, `${path}.items`, place);
}

function valueFound(schema: JsonSchema, fault: Fault, at: string): { path: string; message: string } {
  const isMap = schema.additionalProperties !== undefined;
  const text = fault.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
  const name = isMap ? text : text.replace(/^\./, '');
  const tail = name.replace(/^\./, '');
  const isWhole = tail === '' || fault.named === 'last';
  return { path: isWhole ? at : `${at}.${tail}`, message: messageOf(fault, name) };
}

/** As rules name a field: entries of maps in brackets. */
function fieldPath(schema: JsonSchema, path: Fault['path']): string {
  let text = '';
  let at: JsonSchema | undefined = schema;
  for (const part of path) {
    const property: JsonSchema | undefined = typeof part === 'string' ? at?.properties?.[part] : undefined;
    text += property ? `.${part}` : `[${part}]`;
    at = property ?? at?.items ?? at?.additionalProperties;
  }
  return text;
}

function messageOf({ kind, text: words, broken, shown, named }: Fault, name: string): string {
  const text = broken?.failure === undefined ? words : `${broken.failure} evaluating rule: ${words}`;
  const before = named === 'first' ? `${name === '' ? '' : `${name} `}in body ` : '';
  const after = named === 'last' ? ` in ${name}` : '';
  switch (kind) {
    case 'Required value':
      return kind;
    case 'Too long':
      return `${kind}: ${text}`;
    default: {
      const value = shown === undefined ? '' : typeof shown === 'number' ? `${shown}: ` : `${goJson(shown)}: `;
      return `${kind}: ${value}${before}${text}${after}`;
    }
  }
}
