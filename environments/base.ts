import { defineEnvironment } from 'kubewright';
import type { microservicesApp } from '../stacks/app.ts';
import type { platform } from '../stacks/platform.ts';

/** The graphs that environments have values for. Types only: a stack imports its environment when it runs. */
export type Graphs = {
  'microservices-app': typeof microservicesApp;
  platform: typeof platform;
};

/** What all environments share. */
export default defineEnvironment<Graphs>({
  values: {
    'microservices-app': { version: '1.0.0' },
    platform: { version: '1.0.0' },
  },
});
