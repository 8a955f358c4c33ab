import type { Node } from '../../expr/ast.ts';
import type { Environment } from '../../expr/environment.ts';
import { print } from '../../expr/print.ts';
import { Expression, isObject, type Value, type ValueObject } from '../../expr/value.ts';
import { type ExpressionTypes, typeText } from './types.ts';
import { data, list, object, quote } from './text.ts';

/** Writes values and expressions as TypeScript. */
export class BodyWriter {
  readonly #types: ExpressionTypes;
  readonly #environment: Environment;

  constructor(types: ExpressionTypes, environment: Environment) {
    this.#types = types;
    this.#environment = environment;
  }

  value(value: Value, indent: string): string {
    if (value instanceof Expression) return this.expression(value);
    if (typeof value === 'string') return quote(value);
    // kro takes null anywhere; the types of Kubernetes do not.
    if (value === null) return 'null as never';
    if (Array.isArray(value))
      return list(
        value.map((item) => this.value(item, `${indent}  `)),
        indent,
      );
    return isObject(value) ? this.fields(value, indent) : data(value);
  }

  fields(value: ValueObject, indent: string): string {
    return object(
      Object.keys(value).map((name) => [name, this.value(value[name] as Value, `${indent}  `)]),
      indent,
    );
  }

  expression({ node }: Expression): string {
    if (node.kind === 'template' && this.#isText(node)) return this.#template(node);
    return this.#cel(node);
  }

  condition({ node }: Expression): string {
    return `Cel.expr<boolean>(${quote(print(node))})`;
  }

  #cel(node: Node): string {
    return `Cel.expr<${typeText(this.#types.of(node, this.#environment))}>(${quote(print(node))})`;
  }

  /** A hole that is no text for sure would get a conversion. */
  #isText({ parts }: Node & { kind: 'template' }): boolean {
    return parts.every((part) => typeof part === 'string' || this.#types.of(part, this.#environment).kind === 'string');
  }

  #template({ parts }: Node & { kind: 'template' }): string {
    const texts = parts.map((part) =>
      typeof part === 'string'
        ? part.replaceAll(/[\\`]|\$\{/g, '\\$&').replaceAll('\r', '\\r')
        : `\${${this.#cel(part)}}`,
    );
    return `Cel.template\`${texts.join('')}\``;
  }
}
