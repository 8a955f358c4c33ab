import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** Packages that a program loads, by name. */
function packagesOf(program: string): readonly string[] {
  const script = `
    import { registerHooks } from 'node:module';
    const names = new Set();
    registerHooks({ load: (url, context, next) => {
      const [, name] = /node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url) ?? [];
      if (name) names.add(name);
      return next(url, context);
    } });
    const { connect } = await import(${JSON.stringify(fileURLToPath(new URL('../../src/cluster/connect.ts', import.meta.url)))});
    ${program}
    console.log(JSON.stringify([...names]));
  `;
  const options = { encoding: 'utf8', env: { ...process.env, HTTPS_PROXY: '', https_proxy: '' } } as const;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], options)) as string[];
}

test('a server and its token need no package', () => {
  expect(packagesOf("await connect({ kind: 'server', server: 'https://127.0.0.1:1', token: 't' });")).toEqual([]);
});

test('a context with static credentials needs only a YAML reader', () => {
  const folder = mkdtempSync(join(tmpdir(), 'imports-'));
  const kubeconfig = join(folder, 'config');
  const text = `{ clusters: [{ name: c, cluster: { server: "https://c" } }], users: [{ name: u, user: { token: t } }], contexts: [{ name: x, context: { cluster: c, user: u } }] }`;
  writeFileSync(kubeconfig, text);
  try {
    const source = JSON.stringify({ kind: 'context', name: 'x', kubeconfig });
    expect(packagesOf(`await connect(${source});`)).toEqual(['js-yaml']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
