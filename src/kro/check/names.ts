import type { Pieces, ResourcePieces } from '../read/pieces.ts';
import { KroRefusal } from './refusal.ts';

const celWords =
  'true false null in as break const continue else for function if import let loop package namespace return var void while';
const kroWords =
  'apiVersion context dependency dependencies each externalRef externalReference externalRefs externalReferences graph instance item items kind kro metadata namespace object resource resourcegraphdefinition resourceGraphDefinition resources root runtime schema self serviceAccountName spec status this variables vars version';
const reserved: ReadonlySet<string> = new Set(`${celWords} ${kroWords}`.split(' '));
const lowerCamelCase = /^[a-z][a-zA-Z0-9]*$/;

/** Kind, ids and iterators (kro pkg/graph/validation.go). */
export function checkNames({ kind, resources }: Pieces, maximumDimensions: number): void {
  const convention = 'naming convention violation: ';
  if (!/^[A-Z][a-zA-Z0-9]*$/.test(kind)) {
    throw new KroRefusal(
      'NamingConvention',
      `${convention}kind '${kind}' is not a valid KRO kind name: must be UpperCamelCase`,
      ['spec', 'schema', 'kind'],
    );
  }
  const ids = new Set<string>();
  for (const { id, index } of resources) {
    const path = ['spec', 'resources', index, 'id'];
    if (reserved.has(id))
      throw new KroRefusal('NamingConvention', `${convention}id ${id} is a reserved keyword in KRO`, path);
    if (!lowerCamelCase.test(id))
      throw new KroRefusal(
        'NamingConvention',
        `${convention}id ${id} is not a valid KRO resource id: must be lower camelCase`,
        path,
      );
    if (ids.has(id)) throw new KroRefusal('NamingConvention', `${convention}found duplicate resource IDs ${id}`, path);
    ids.add(id);
  }
  for (const resource of resources) checkIterators(resource, ids, maximumDimensions);
}

function checkIterators({ id, index, forEach }: ResourcePieces, ids: ReadonlySet<string>, maximum: number): void {
  const path = ['spec', 'resources', index, 'forEach'];
  const refuse = (message: string): never => {
    throw new KroRefusal('ForEach', `resource ${JSON.stringify(id)}: ${message}`, path);
  };
  if (forEach.length > maximum) refuse(`forEach cannot have more than ${maximum} dimensions, got ${forEach.length}`);
  const seen = new Set<string>();
  for (const name of forEach.flatMap((dimension) => Object.keys(dimension))) {
    if (!lowerCamelCase.test(name)) refuse(`forEach iterator name "${name}" is not valid: must be lowerCamelCase`);
    if (reserved.has(name)) refuse(`forEach iterator name "${name}" is a reserved keyword`);
    if (ids.has(name)) refuse(`forEach iterator name "${name}" conflicts with resource ID`);
    if (seen.has(name)) refuse(`duplicate forEach iterator name "${name}"`);
    seen.add(name);
  }
}
