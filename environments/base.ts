import { defineEnvironment } from 'kubewright';
import type { Graphs } from './graphs.ts';

/** What all environments share. */
export default defineEnvironment<Graphs>({
  values: {
    'microservices-app': { version: '1.0.0' },
    platform: { version: '1.0.0' },
  },
});
