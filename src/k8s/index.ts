export { external, type ExternalName, type ExternalSelector } from './external.ts';
export { type Body, type Kind, type KindDefinition, kind, type Metadata } from './kind.ts';
export * from './kinds.generated.ts';
export type { LabelSelector, ObjectMeta } from './object-meta.ts';
export { fromEnv, fromFile } from './secret-sources.ts';
export * as simple from './simple.ts';
export { createWebService, type WebServiceProperties } from './web-service.ts';
