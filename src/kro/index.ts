export { kroApiVersion, type ResourceGraphDefinition, supportedKroVersions } from './api.ts';
export { type DefinitionOptions, toDefinition } from './definition.ts';
export { toInstance } from './instance.ts';
