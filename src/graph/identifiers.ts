import type { ErrorDetails } from '../errors.ts';

/** Ids that kro 0.9.4 reserves (pkg/graph/validation.go), and `graphengine`, which 0.10 does. */
const reservedByKro = new Set(
  (
    'apiVersion context dependency dependencies each externalRef externalReference externalRefs externalReferences graph graphengine instance item items ' +
    'kind kro metadata namespace object resource resourcegraphdefinition resourceGraphDefinition resources root runtime schema self serviceAccountName spec ' +
    'status this variables vars version'
  ).split(' '),
);

const reservedByCel = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** Names of CEL's types and functions: kro accepts them as ids, but then the function can no longer be told from the resource. */
const namesInCel = new Set(
  'string int uint double bool bytes size type dyn has duration timestamp list map json hash random lists url ip cidr quantity semver optional cel base64 omit math sets strings regex sign'.split(
    ' ',
  ),
);

/** What is wrong with a name as the id of a resource or the variable of a `forEach`; `undefined` when nothing is. */
export function nameProblem(
  name: string,
  what: 'resource id' | 'forEach variable',
): Pick<ErrorDetails, 'code' | 'message' | 'hint'> | undefined {
  if (reservedByKro.has(name))
    return {
      code: 'ReservedId',
      message: `${name} is a reserved word of kro and cannot be a ${what}`,
      hint: `Choose another name, such as ${name}Object.`,
    };
  if (reservedByCel.has(name))
    return {
      code: 'ReservedId',
      message: `${name} is a reserved word of CEL and cannot be a ${what}`,
      hint: 'Choose another name.',
    };
  if (namesInCel.has(name))
    return {
      code: 'ReservedId',
      message: `${name} is a type or function of CEL and cannot be a ${what}`,
      hint: 'Choose another name.',
    };
  if (!/^[a-z][a-zA-Z0-9]*$/.test(name))
    return {
      code: 'InvalidId',
      message: `${JSON.stringify(name)} is not a ${what}: it has to be lowerCamelCase letters and digits`,
      hint: `Write ${lowerCamelCase(name)}.`,
    };
  return undefined;
}

function lowerCamelCase(name: string): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter(Boolean);
  const joined = words
    .map(
      (word, position) =>
        (position === 0 ? word.charAt(0).toLowerCase() : word.charAt(0).toUpperCase()) + word.slice(1),
    )
    .join('');
  return /^[a-z]/.test(joined) ? joined : `r${joined}`;
}

/** The id of a member of a group: `orders` and `deployment` give `ordersDeployment`. */
export function joinIds(group: string, id: string): string {
  return group === '' ? id : group + id.charAt(0).toUpperCase() + id.slice(1);
}
