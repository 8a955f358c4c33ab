/** What a person sees on a terminal, and what programs read, of real deployments. */
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { expectDocumented } from '../cli/documented-events.ts';
import { fixtures, runTsx } from '../cli/run-command-lines.ts';
import { place } from './place.ts';
import { Screen } from './screen.ts';

const shop = join(fixtures, 'shop/stacks/shop.ts');
const slow = join(fixtures, 'slow/stack.ts');
const inKro = join(fixtures, 'in-kro/stack.ts');
const stateHome = { XDG_STATE_HOME: place.stateHome };
const hasScript = /util-linux/.test(spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '');

afterAll(() => {
  for (const stack of [slow, shop, inKro]) runTsx(stack, ['destroy', '--env', 'dev'], { env: stateHome });
});

interface Seen {
  readonly code: number | null;
  /** The screen each time that something changed. */
  readonly screens: readonly (readonly string[])[];
  readonly raw: string;
}

/** Runs a stack on a terminal of its own, and types what `typed` says when it sees a screen. */
async function onTerminal(
  shell: string,
  { env = {}, typed }: { env?: Record<string, string>; typed?: (screen: readonly string[]) => string | undefined } = {},
): Promise<Seen> {
  const { CI: _ci, NO_COLOR: _noColor, ...rest } = process.env;
  const child = spawn('script', ['-qefc', shell, '/dev/null'], {
    env: { ...rest, ...stateHome, TERM: 'xterm-256color', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const screen = new Screen();
  const screens: (readonly string[])[] = [];
  let raw = '';
  const decoder = new TextDecoder();
  child.stdout.on('data', (chunk: Buffer) => {
    const text = decoder.decode(chunk, { stream: true });
    raw += text;
    screen.write(text);
    screens.push(screen.lines());
    const keys = typed?.(screen.lines());
    if (keys) child.stdin.write(keys);
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, screens, raw };
}

const node = `'${process.execPath}' --import tsx`;
const ctrlC = '\u0003';

describe.runIf(hasScript)('on a terminal', () => {
  it('a deployment is a tree that is drawn again, fits after a resize, and is gone at the end', async () => {
    let sent = false;
    const { code, screens, raw } = await onTerminal(
      `stty cols 100 rows 30; (sleep 8; stty cols 60 rows 20 </dev/tty) & ${node} '${slow}' --env dev`,
      {
        typed: (lines) => {
          if (sent || !lines.some((line) => / 1[2-9] s/.test(line) && line.length < 60)) return undefined;
          sent = true;
          return ctrlC;
        },
      },
    );
    const all = screens.map((lines) => lines.join('\n'));
    expect(all.join()).toMatch(/… Deployment never {2}waiting {5}\d s {2}0 of 1 replicas are ready/);
    expect(all.join()).toMatch(/✓ ConfigMap first {3}ready/);
    // Cut to the width that the terminal has by then.
    expect(all.join()).toMatch(/… Deployment never {2}waiting +1\d s {2}0 of 1 replicas a…\n/);
    expect(raw).toContain('\u001B[32m');
    expect(all.at(-1)).toMatch(
      /2 to create, and Namespace slow\n\nStopping after the requests[\s\S]*interrupted: slow slow\/slow: stopped; left:/,
    );
    expect(all.at(-1)).not.toContain('waiting');
    expect(raw.lastIndexOf('\u001B[?25h')).toBeGreaterThan(raw.lastIndexOf('\u001B[?25l'));
    expect(code).toBe(130);
  }, 90_000);

  it('has no colours with NO_COLOR', async () => {
    const { code, raw } = await onTerminal(`stty cols 80 rows 24; ${node} '${shop}' --env dev`, {
      env: { NO_COLOR: '1' },
    });
    expect(raw).toContain('✓ shop: ');
    expect(raw).not.toMatch(/\u001B\[\d+m/);
    expect(code).toBe(0);
  });
});

describe('events', () => {
  it.each([
    ['direct', shop],
    ['kro', inKro],
  ])('of a deployment and a destruction are as documented, mode %s', (mode, stack) => {
    for (const verb of ['deploy', 'deploy', 'destroy']) {
      const argv = [verb, '--env', 'dev', '--output', 'jsonl'];
      const { code, stdout, stderr } = runTsx(stack, argv, { env: stateHome });
      const events = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      for (const event of events) expectDocumented(event);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(events[0]).toMatchObject({ type: 'start', graph: expect.any(String), environment: 'dev', mode });
      expect(events.at(-1)).toMatchObject({ type: 'result', verb, environment: 'dev' });
      expect(stdout).not.toContain('not for production');
    }
  });

  it('outlive their reader', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', shop, '--env', 'dev', '--output', 'jsonl'], {
      env: { ...process.env, ...stateHome },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.once('data', () => child.stdout.destroy());
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
    const { stdout } = runTsx(shop, ['status', '--env', 'dev'], { env: stateHome });
    expect(stdout).toMatch(/3 of 3 objects ready/);
  });
});
