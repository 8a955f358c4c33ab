import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string): string => fileURLToPath(new URL(`src/${path}`, import.meta.url));

// Stacks import the package by its name; tests look at the sources, not at the last build.
const alias = [
  { find: /^kubewright$/, replacement: source('index.ts') },
  { find: /^kubewright\/cel$/, replacement: source('cel.ts') },
  { find: /^kubewright\/(gitops|k8s|kro|testing)$/, replacement: source('$1/index.ts') },
];

export default defineConfig({
  resolve: { alias },
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // End-to-end tests mostly wait; each worker has a control plane of its own.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/e2e/**'], sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: 'test/control-plane.ts',
          sequence: { groupOrder: 1 },
          // The machines of CI are slow and shared: what waits for controllers may once be too late there.
          retry: process.env['CI'] ? 1 : 0,
        },
      },
    ],
  },
});
