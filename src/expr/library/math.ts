import type { Library } from './overload.ts';

/** cel-go's math extension: only in the standard environment. */
export const math: Library = {};
