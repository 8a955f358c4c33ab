import { decodeBase64, encodeBase64 } from '../base64.ts';
import { fail } from '../failure.ts';
import { encodeJson } from './json.ts';
import type { Library } from './overload.ts';

/** cel-go's encoders. */
export const encoders: Library = {
  'base64.decode': {
    '(string): bytes': (text: string) => decodeBase64(text) ?? fail('illegal base64 data at input byte'),
  },
  'base64.encode': { '(bytes): string': encodeBase64 },
  'json.encode': { '(dyn): string': encodeJson },
};
