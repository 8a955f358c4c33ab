import type { microservicesApp } from '../stacks/app.ts';
import type { platform } from '../stacks/platform.ts';

/** The graphs that the environments have values for: types only, as a stack imports its environment when it runs. */
export type Graphs = {
  'microservices-app': typeof microservicesApp;
  platform: typeof platform;
};
