import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { down } from '../../src/cluster/local/local.ts';

const driver = fileURLToPath(new URL('local-driver.ts', import.meta.url));

export interface Driver {
  readonly child: ChildProcess;
  /** The lines of standard output, as JSON, when the process has ended. */
  readonly answers: Promise<Record<string, unknown>[]>;
  /** Resolves when a text appears on standard output or standard error. */
  seen(text: string): Promise<void>;
}

/** Runs one verb in another process, as a second terminal or another user's session would. */
export function drive(verb: string, directory: string, env: NodeJS.ProcessEnv = {}): Driver {
  const child = spawn(process.execPath, [driver, verb, directory], {
    env: { ...process.env, NODE_NO_WARNINGS: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let everything = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (everything += String(chunk)));
  const seen = async (text: string): Promise<void> => {
    while (!everything.includes(text)) {
      if (child.exitCode !== null) throw new Error(`ended without ${JSON.stringify(text)}: ${everything}`);
      await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data'), once(child, 'close')]);
    }
  };
  const answers = once(child, 'close').then(() =>
    output
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  );
  return { child, answers, seen };
}

/** A folder for one test file; whatever runs from it is stopped at the end. */
export function temporaryDirectory(): { path: string; remove: () => Promise<void> } {
  const path = mkdtempSync(join(tmpdir(), 'kubewright-test-'));
  const remove = async (): Promise<void> => {
    await down({ name: 'test', directory: path });
    rmSync(path, { recursive: true, force: true });
  };
  return { path, remove };
}
