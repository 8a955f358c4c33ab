import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drive } from './local-processes.ts';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'kubewright-binaries-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function upWithGo(script: string | undefined, env: NodeJS.ProcessEnv = {}): Promise<Record<string, unknown>> {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  if (script !== undefined) {
    writeFileSync(join(bin, 'go'), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, 'go'), 0o755);
  }
  const empty = {
    PATH: `${bin}${script === undefined ? '' : ':/usr/bin:/bin'}`,
    XDG_CACHE_HOME: join(folder, 'cache'),
  };
  const [answer] = await drive('up', join(folder, 'state'), { ...empty, ...env }).answers;
  return answer ?? {};
}

describe('binaries that are not built yet', () => {
  it('need Go: the error names what to install and the ways around it', async () => {
    const answer = await upWithGo(undefined);
    expect(answer['error']).toBe('LocalNoGo');
    expect(answer['message']).toMatch(
      /Install Go 1\.26 or newer.*cluster: context\("<name>"\).*KUBEWRIGHT_CONTROL_PLANE/,
    );
  });

  it('need a new enough Go: the error names the one that was found', async () => {
    const answer = await upWithGo('echo go1.22.3');
    expect(answer['error']).toBe('LocalOldGo');
    expect(answer['message']).toContain('needs Go 1.26 or newer, but the PATH has go1.22.3');
  });

  it('leave nothing in the cache when the build fails, and pass the reason on', async () => {
    const script =
      'case $1 in env) echo go1.26.0;; *) echo "dial tcp: no such host: module proxy error" >&2; exit 1;; esac';
    const answer = await upWithGo(script);
    expect(answer['error']).toBe('LocalBuildFailed');
    expect(answer['message']).toContain('no such host: module proxy error');
    const again = await drive('up', join(folder, 'state'), {
      PATH: join(folder, 'none'),
      XDG_CACHE_HOME: join(folder, 'cache'),
    }).answers;
    expect(again[0]?.['error']).toBe('LocalNoGo');
  });

  it('are not taken from a folder that lacks some of them', async () => {
    writeFileSync(join(folder, 'kro'), '');
    const answer = await upWithGo(undefined, { KUBEWRIGHT_CONTROL_PLANE: folder });
    expect(answer['error']).toBe('LocalBinariesIncomplete');
    expect(answer['message']).toContain('has no kubernetes, stages.yaml, objects.json, versions.json');
  });

  it('are not replaced by the three programs of envtest', async () => {
    for (const name of ['etcd', 'kube-apiserver', 'kubectl']) writeFileSync(join(folder, name), '');
    const answer = await upWithGo(undefined, { KUBEBUILDER_ASSETS: folder });
    expect(answer['error']).toBe('LocalNoGo');
  });
});
