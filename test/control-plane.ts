import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { down, up } from '../src/cluster/local/local.ts';
import type { OnProgress } from '../src/cluster/local/progress.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the control planes of a run are; a file gets its own by `controlPlane()`. */
    controlPlanes: string;
  }
}

/** A control plane that test files use one after the other; isolate by namespace. */
export interface ControlPlane {
  /** `XDG_STATE_HOME` of processes whose `local()` has to be this control plane. */
  readonly stateHome: string;
  readonly kubeconfig: string;
  readonly server: string;
  readonly token: string;
  readonly caFile: string;
}

/** The control plane of one worker: files that run at the same time share none, so what belongs to a whole cluster is theirs. */
export async function startControlPlane(
  controlPlanes: string,
  { worker, onProgress }: { readonly worker: number; readonly onProgress?: OnProgress },
): Promise<ControlPlane> {
  const stateHome = join(controlPlanes, String(worker));
  const directory = directoryOf(stateHome);
  const started = await up({ directory, onProgress, featureGates: { CELOmitFunction: true } });
  const { kubeconfig, server, token, caFile } = started;
  return { stateHome, kubeconfig, server, token, caFile };
}

const directoryOf = (stateHome: string): string => join(stateHome, 'kubewright', 'default');

/** Vitest's global setup: the first control plane of a run, in a temporary folder, and the end of all of them, whatever happens. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const controlPlanes = mkdtempSync(join(tmpdir(), 'kubewright-run-'));
  const teardown = async (): Promise<void> => {
    const directories = readdirSync(controlPlanes).map((worker) => directoryOf(join(controlPlanes, worker)));
    for (const directory of directories) if (existsSync(directory)) await down({ directory });
    rmSync(controlPlanes, { recursive: true, force: true });
  };
  try {
    await startControlPlane(controlPlanes, { worker: 1, onProgress: printBuild });
    project.provide('controlPlanes', controlPlanes);
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
