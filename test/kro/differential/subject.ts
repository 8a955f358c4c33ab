import type { Random } from './random.ts';
import { type Fields, isFields, textOf } from './tree.ts';

/** A definition that is changed in place, and the CustomResourceDefinitions that it uses. */
export interface Subject {
  readonly definition: Fields;
  readonly crds: Fields[];
}

export type Mutation = (subject: Subject, random: Random) => void;

export const specOf = ({ definition }: Subject): Fields => (isFields(definition['spec']) ? definition['spec'] : {});

export function schemaOf(subject: Subject): Fields {
  const { schema } = specOf(subject);
  return isFields(schema) ? schema : {};
}

export function resourcesOf(subject: Subject): Fields[] {
  const { resources } = specOf(subject);
  return Array.isArray(resources) ? resources.filter(isFields) : [];
}

export const idsOf = (subject: Subject): string[] => resourcesOf(subject).map(({ id }) => textOf(id));
