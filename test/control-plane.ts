import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { down, up } from '../src/cluster/local/local.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The control plane that all test files of a run share; isolate by namespace. */
    controlPlane: {
      /** `XDG_STATE_HOME` of processes whose `local()` has to be this control plane. */
      readonly stateHome: string;
      readonly kubeconfig: string;
      readonly server: string;
      readonly token: string;
      readonly caFile: string;
    };
  }
}

/** Vitest's global setup: one control plane per run, in a temporary folder, taken down whatever happens. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stateHome = mkdtempSync(join(tmpdir(), 'kubewright-run-'));
  const selector = { directory: join(stateHome, 'kubewright', 'default') };
  const teardown = async (): Promise<void> => {
    await down(selector);
    rmSync(stateHome, { recursive: true, force: true });
  };
  try {
    const { kubeconfig, server, token, caFile } = await up({
      ...selector,
      onProgress: printBuild,
      featureGates: { CELOmitFunction: true },
    });
    project.provide('controlPlane', { stateHome, kubeconfig, server, token, caFile });
    return teardown;
  } catch (error) {
    await teardown();
    throw error;
  }
}

let lastPrinted = 0;

/** The first run on a machine builds for minutes: say so, every ten seconds. */
function printBuild({ phase, text }: { phase: string; text: string }): void {
  if (phase !== 'build' || Date.now() - lastPrinted < 10_000) return;
  lastPrinted = Date.now();
  console.error(text);
}
