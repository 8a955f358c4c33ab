import { dump, type DumpOptions } from 'js-yaml';

/**
 * Writes YAML as js-yaml does, byte for byte, and many times faster for what Kubernetes objects are made of: the lines
 * are put together here, every scalar that is not obviously plain is the library's, once.
 */
export class YamlWriter {
  readonly #options: DumpOptions;
  readonly #scalars = new Map<unknown, string>();
  readonly #keys = new Map<string, string>();
  /** A key was met that needs YAML's explicit form, which is left to the library. */
  #awkward = false;

  constructor(options: DumpOptions) {
    this.#options = options;
  }

  /** One document. */
  write(value: unknown): string {
    if (!isFilled(value)) return this.#dump(value);
    this.#awkward = false;
    const pieces: string[] = [];
    this.#block(value, '', '', pieces);
    return this.#awkward ? this.#dump(value) : pieces.join('');
  }

  /** `first` stands before the first line, where a list puts its dash, and `indent` before the others. */
  #block(value: object, first: string, indent: string, pieces: string[]): void {
    if (Array.isArray(value)) this.#sequence(value, first, indent, pieces);
    else this.#mapping(value as Record<string, unknown>, first, indent, pieces);
  }

  #mapping(value: Record<string, unknown>, first: string, indent: string, pieces: string[]): void {
    let before = first;
    for (const key in value) {
      const item = value[key];
      if (item === undefined || !Object.hasOwn(value, key)) continue;
      pieces.push(before, this.#key(key));
      if (isFilled(item)) {
        pieces.push(':\n');
        const inner = `${indent}  `;
        this.#block(item, inner, inner, pieces);
      } else pieces.push(': ', this.#scalar(item, indent), '\n');
      before = indent;
    }
  }

  #sequence(items: readonly unknown[], first: string, indent: string, pieces: string[]): void {
    let before = first;
    for (const item of items) {
      if (isFilled(item)) this.#block(item, `${before}- `, `${indent}  `, pieces);
      else pieces.push(before, '- ', this.#scalar(item, indent), '\n');
      before = indent;
    }
  }

  /** A text that ends in blank lines makes js-yaml close the document with `...`, which no list of documents needs. */
  #dump(value: unknown): string {
    return dump(value, this.#options).replace(/\n\.\.\.\n$/, '\n');
  }

  #key(key: string): string {
    if (key.length > 127 || key.includes('\n')) this.#awkward = true;
    if (isPlain(key)) return key;
    let text = this.#keys.get(key);
    if (text === undefined) {
      text = this.#dump({ [key]: null }).replace(/: null\n$/, '');
      this.#keys.set(key, text);
    }
    return text;
  }

  #scalar(value: unknown, indent: string): string {
    if (typeof value === 'string' && isPlain(value)) return value;
    if (value === null || typeof value === 'boolean') return String(value);
    if (typeof value === 'number' && Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value);
    if (typeof value === 'object') return Array.isArray(value) ? '[]' : '{}';
    let text = this.#scalars.get(value);
    if (text === undefined) {
      text = this.#dump({ k: value }).slice('k: '.length).replace(/\n$/, '');
      this.#scalars.set(value, text);
    }
    return indent === '' || !text.includes('\n') ? text : text.replaceAll(/\n(?=[^\n])/g, `\n${indent}`);
  }
}

function isFilled(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.length > 0;
  for (const key in value)
    if (Object.hasOwn(value, key) && (value as Record<string, unknown>)[key] !== undefined) return true;
  return false;
}

/** Words that YAML 1.1 or 1.2 reads as something else than text. */
const words = new Set(
  'y Y n N yes Yes YES no No NO true True TRUE false False FALSE on On ON off Off OFF null Null NULL'.split(' '),
);

/** Text that is plain in every reading of YAML: letters, digits and inner punctuation that ends no scalar. */
function isPlain(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9]*(?:[-_./][A-Za-z0-9]+)*$/.test(text) && !words.has(text);
}
