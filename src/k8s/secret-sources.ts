import type { Expr } from '../expr/expression.ts';
import { Deferred } from '../expr/value.ts';

/**
 * A sensitive text from an environment variable of the process that deploys. It is read at deployment and never written
 * to files. Belongs into a Secret, as text in `stringData` and in `data` alike: in `data` it is encoded for you.
 *
 * @example
 * simple.Secret({ name: 'database', stringData: { PASSWORD: fromEnv('DB_PASSWORD') } });
 */
export function fromEnv(variable: string): Expr<string> {
  return new Deferred({ env: variable }) as unknown as Expr<string>;
}

/** A sensitive text from a file, read at deployment like that of {@link fromEnv}; a relative path starts at the working directory. */
export function fromFile(path: string): Expr<string> {
  return new Deferred({ file: path }) as unknown as Expr<string>;
}
