import { conditionType, runtimeType } from './condition-type.ts';
import type { CelType, PrimitiveKind } from './types.ts';

/** A type as cel-go's messages spell it. */
export function formatType(type: CelType): string {
  switch (type.kind) {
    case 'error':
      return '!error!';
    case 'list':
      return `list(${formatType(type.element)})`;
    case 'map':
      return `map(${formatType(type.key)}, ${formatType(type.value)})`;
    case 'optional':
      return `optional_type(${formatType(type.value)})`;
    case 'type':
      return type.value ? `type(${formatType(type.value)})` : 'type';
    case 'opaque':
      return type.parameters?.length ? `${type.name}(${type.parameters.map(formatType).join(', ')})` : type.name;
    case 'struct':
    case 'parameter':
      return type.name;
    default:
      return type.kind;
  }
}

/** A type as Go prints it: well-known types by their full names. */
export function declaredType(type: CelType): string {
  switch (type.kind) {
    case 'timestamp':
      return 'google.protobuf.Timestamp';
    case 'duration':
      return 'google.protobuf.Duration';
    case 'null':
      return 'null_type';
    case 'list':
      return `list(${declaredType(type.element)})`;
    case 'map':
      return `map(${declaredType(type.key)}, ${declaredType(type.value)})`;
    case 'optional':
      return `optional_type(${declaredType(type.value)})`;
    case 'type':
      return type.value ? `type(${declaredType(type.value)})` : 'type';
    default:
      return formatType(type);
  }
}

const primitives: ReadonlySet<string> = new Set<PrimitiveKind>([
  'dyn',
  'error',
  'null',
  'bool',
  'int',
  'uint',
  'double',
  'string',
  'bytes',
  'timestamp',
  'duration',
]);

/**
 * Reads `int`, `list(string)`, `map(string, dyn)`, `optional(T)`, `type(T)`, `net.IP`. A single capital letter is a type
 * parameter, a name with a dot a library's own type.
 *
 * @returns `undefined` when the text is no type
 */
export function parseType(text: string): CelType | undefined {
  const reader = new TypeReader(text);
  const type = reader.type();
  return type && reader.atEnd() ? type : undefined;
}

/** `receiver.(a, b): c` or `(a, b): c`. */
export interface Signature {
  readonly member: boolean;
  /** The receiver first. */
  readonly parameters: readonly CelType[];
  readonly result: CelType;
}

export function parseSignature(text: string): Signature {
  const reader = new TypeReader(text);
  const member = !text.startsWith('(');
  const parameters: CelType[] = member ? [reader.required()] : [];
  if (member) reader.skip('.');
  reader.skip('(');
  while (!reader.skip(')')) {
    parameters.push(reader.required());
    reader.skip(',');
  }
  reader.skip(':');
  return { member, parameters, result: reader.required() };
}

class TypeReader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  atEnd(): boolean {
    return this.text.slice(this.at).trim() === '';
  }

  skip(char: string): boolean {
    while (this.text.charAt(this.at) === ' ') this.at++;
    if (this.text.charAt(this.at) !== char) return false;
    this.at++;
    return true;
  }

  required(): CelType {
    const type = this.type();
    if (!type) throw new TypeError(`Not a CEL signature: ${this.text}`);
    return type;
  }

  type(): CelType | undefined {
    const match = /^\s*([A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*)/.exec(this.text.slice(this.at));
    const name = match?.[1];
    if (!match || name === undefined) return undefined;
    this.at += match[0].length;
    const parameters: CelType[] = [];
    if (this.text.charAt(this.at) === '(') {
      this.at++;
      do {
        const parameter = this.type();
        if (!parameter) return undefined;
        parameters.push(parameter);
      } while (this.skip(','));
      if (!this.skip(')')) return undefined;
    }
    return build(name, parameters);
  }
}

function build(name: string, parameters: readonly CelType[]): CelType | undefined {
  const [first, second] = parameters;
  const any: CelType = { kind: 'dyn' };
  switch (name) {
    case 'list':
      return { kind: 'list', element: first ?? any };
    case 'map':
      return { kind: 'map', key: first ?? any, value: second ?? any };
    case 'optional':
    case 'optional_type':
      return { kind: 'optional', value: first ?? any };
    case 'type':
      return first ? { kind: 'type', value: first } : { kind: 'type' };
    case 'null_type':
      return { kind: 'null' };
    case 'google.protobuf.Timestamp':
      return { kind: 'timestamp' };
    case 'google.protobuf.Duration':
      return { kind: 'duration' };
    case 'kro.run.Condition':
      return conditionType;
    case 'kro.run.Runtime':
      return runtimeType;
    default:
      break;
  }
  if (primitives.has(name)) return { kind: name as PrimitiveKind };
  if (/^[A-Z]$/.test(name)) return { kind: 'parameter', name };
  if (!name.includes('.')) return undefined;
  return parameters.length > 0 ? { kind: 'opaque', name, parameters } : { kind: 'opaque', name };
}
