import { defineEnvironment, local } from 'kubewright';
import type { app } from '../stacks/app.ts';

export default defineEnvironment<{ app: typeof app }>({
  cluster: local(),
  mode: 'direct',
  namespace: 'app-dev',
  values: { app: { environment: 'development', image: 'nginx:alpine' } },
});
