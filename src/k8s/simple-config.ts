import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap';
import type { ISecret } from 'kubernetes-models/v1/Secret';
import type { Inputs } from '../expr/expression.ts';
import { joinPath } from '../expr/value.ts';
import { appLabel } from './app-name.ts';
import { core } from './kinds.generated.ts';
import { isExpression, type Namespaced, namespaced, type Refuse, type Shorthand, shorthand } from './shorthand.ts';

export interface ConfigMapProperties extends Namespaced {
  readonly data: Inputs<Record<string, string>>;
}

export interface SecretProperties extends Namespaced {
  /** Text; it wins over `data` where both have a key. */
  readonly stringData?: Inputs<Record<string, string>> | undefined;
  /** Base64, as in Kubernetes; what `fromEnv` and `fromFile` read is text and gets encoded. */
  readonly data?: Inputs<Record<string, string>> | undefined;
}

/**
 * A ConfigMap.
 *
 * @example
 * simple.ConfigMap({ name: 'app-config', data: { ENVIRONMENT: schema.spec.environment } });
 */
export const ConfigMap: Shorthand<ConfigMapProperties, IConfigMap> = shorthand({
  kind: core.v1.ConfigMap,
  properties: { ...namespaced, data: 'required' },
  body: ({ name, namespace, data }) => ({ metadata: { name, namespace, labels: appLabel(name) }, data }),
});

/**
 * A Secret.
 *
 * @throws KubewrightError `NotBase64` for a value of `data` that is not base64
 * @example
 * simple.Secret({ name: 'database', stringData: { PASSWORD: fromEnv('DB_PASSWORD') } });
 */
export const Secret: Shorthand<SecretProperties, ISecret> = shorthand({
  kind: core.v1.Secret,
  properties: { ...namespaced, stringData: 'optional', data: 'optional' },
  body: ({ name, namespace, stringData, data }, refuse) => {
    checkBase64(data, refuse);
    return { metadata: { name, namespace, labels: appLabel(name) }, stringData, data };
  },
});

/** The value itself is a secret and stays out of the message. */
function checkBase64(data: SecretProperties['data'], refuse: Refuse): void {
  if (data === undefined || isExpression(data)) return;
  for (const [key, value] of Object.entries(data)) {
    if (value === undefined || isExpression(value) || isBase64(value)) continue;
    refuse({
      code: 'NotBase64',
      path: joinPath('data', key),
      message: 'is not base64',
      hint: 'Write text into stringData, or encode it.',
    });
  }
}

function isBase64(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  // The server's decoder skips line breaks, which `base64` on a shell writes.
  const text = value.replaceAll(/[\r\n]/g, '');
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}
