import { declare, type FunctionDeclaration, type Library } from './overload.ts';
import { cidr } from './cidr.ts';
import { encoders } from './encoders.ts';
import { formatLibrary } from './formats.ts';
import { ip } from './ip.ts';
import { kro } from './kro.ts';
import { kubernetesLists } from './kubernetes-lists.ts';
import { lists } from './lists.ts';
import { math } from './math.ts';
import { optionals } from './optionals.ts';
import { quantity } from './quantity.ts';
import { regex } from './regex.ts';
import { normalizingSemver, semver } from './semver.ts';
import { sets } from './sets.ts';
import { standard } from './standard.ts';
import { strictStrings, strings } from './strings.ts';
import { url } from './url.ts';

export interface FunctionTable {
  get(name: string): FunctionDeclaration | undefined;
  /** Names of all functions, operators included. */
  names?(): string[];
}

/** What Kubernetes added to CEL. */
const kubernetes = [kubernetesLists, url, regex, quantity, ip, cidr, semver];

let kroTable: FunctionTable | undefined;
let standardTable: FunctionTable | undefined;
let ruleTable: FunctionTable | undefined;

/** The functions of kro 0.9.4's environment, and no others. */
export function kroFunctions(): FunctionTable {
  kroTable ??= table([standard, lists, strings, optionals, encoders, ...kubernetes, kro]);
  return kroTable;
}

/** CEL's specification with its standard extensions. */
export function standardFunctions(): FunctionTable {
  standardTable ??= table([standard, lists, strictStrings, strings, optionals, encoders, math]);
  return standardTable;
}

/** The functions of rules in a CustomResourceDefinition (`x-kubernetes-validations`) of Kubernetes 1.36. */
export function ruleFunctions(): FunctionTable {
  const { reverse: _, ...olderStrings } = strings;
  ruleTable ??= table([
    standard,
    lists,
    olderStrings,
    optionals,
    ...kubernetes,
    normalizingSemver,
    sets,
    formatLibrary,
  ]);
  return ruleTable;
}

function table(libraries: readonly Library[]): FunctionTable {
  const known = new Map<string, FunctionDeclaration | undefined>();
  return {
    get(name) {
      if (known.has(name)) return known.get(name);
      const declaration = declare(name, libraries);
      known.set(name, declaration);
      return declaration;
    },
    names: () => [...new Set(libraries.flatMap((library) => Object.keys(library)))].sort(),
  };
}
