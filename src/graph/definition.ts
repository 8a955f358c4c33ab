import { toJsonSchema, type UserSchema } from '../schema/user-schema.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import { type CrdParts, withFieldRules } from './crd-parts.ts';
import type { GraphData, GraphDefinition } from './graph.ts';
import type { Problems } from './problems.ts';

const names: Readonly<Record<string, { pattern: RegExp; rule: string }>> = {
  name: { pattern: /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, rule: 'lower-case letters, digits and dashes, at most 63' },
  kind: { pattern: /^[A-Z][a-zA-Z0-9]{0,62}$/, rule: 'UpperCamelCase letters and digits, at most 63' },
  version: { pattern: /^v[0-9]+(alpha[0-9]+|beta[0-9]+)?$/, rule: 'a version such as v1, v1beta1 or v1alpha1' },
  group: {
    pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$/,
    rule: 'a group such as example.com',
  },
};

/** kro's group for a graph that names only a version. */
const defaultGroup = 'kro.run';

/** Reads the first argument of `toResourceGraph`. */
export function readDefinition(
  definition: GraphDefinition<UserSchema, UserSchema>,
  problems: Problems,
): Pick<GraphData, 'name' | 'group' | 'version' | 'kind' | 'scope' | 'crd' | 'spec' | 'statusSchema'> {
  const { name, kind, apiVersion } = definition;
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? defaultGroup : apiVersion.slice(0, slash);
  const version = apiVersion.slice(slash + 1);
  for (const [path, text] of Object.entries({ name, kind, version, group })) {
    const { pattern, rule } = names[path] as (typeof names)[string];
    if (!pattern.test(text)) {
      problems.add({
        code: 'InvalidDefinition',
        resource: `graph ${name}`,
        path: path === 'group' || path === 'version' ? 'apiVersion' : path,
        message: `${JSON.stringify(text)} is not ${rule}`,
      });
    }
  }
  const { spec, status, scope = 'Namespaced', fields = {} } = definition;
  const json: JsonSchema = problems.attempt({ resource: `graph ${name}`, path: 'spec' }, () => toJsonSchema(spec)) ?? {
    type: 'object',
  };
  const statusSchema =
    status && problems.attempt({ resource: `graph ${name}`, path: 'status' }, () => toJsonSchema(status));
  const ruled = withFieldRules(json, fields, problems);
  return {
    name,
    kind,
    group,
    version,
    scope,
    crd: crdParts(definition),
    spec: { json: ruled, user: spec },
    statusSchema,
  };
}

const crdFields = ['shortNames', 'categories', 'additionalPrinterColumns', 'metadata'] as const;

function crdParts(definition: CrdParts): CrdParts {
  const given = crdFields.filter((name) => definition[name] !== undefined);
  return Object.freeze(Object.fromEntries(given.map((name) => [name, definition[name]])));
}
