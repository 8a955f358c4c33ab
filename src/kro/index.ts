export { kroApiVersion, type ResourceGraphDefinition, supportedKroVersions } from './api.ts';
export { type DefinitionOptions, toDefinition } from './definition.ts';
export { toInstance } from './instance.ts';
export { fromDefinition, fromDefinitions, type ImportOptions } from './import.ts';
export { validate, type ValidateOptions, type ValidationError, type Verdict } from './validate.ts';
export type { Source } from './read/source.ts';
export { compareDefinitions, type DefinitionChanges } from './compare.ts';
export type { SchemaChange, SchemaChanges } from './compare-schemas.ts';
