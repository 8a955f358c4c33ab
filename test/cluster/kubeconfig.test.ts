import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { contextNames, readContext } from '../../src/cluster/kubeconfig.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const first = `
apiVersion: v1
kind: Config
current-context: dev
clusters:
- { name: one, cluster: { server: "https://one:6443/", certificate-authority: certs/ca.crt, tls-server-name: kubernetes, proxy-url: "socks5://proxy:1080" } }
users:
- { name: alice, user: { client-certificate: alice.crt, client-key: /keys/alice.key } }
- { name: plugin, user: { exec: { apiVersion: client.authentication.k8s.io/v1, command: ./bin/login } } }
- { name: in-path, user: { exec: { apiVersion: client.authentication.k8s.io/v1, command: aws } } }
contexts:
- { name: dev, context: { cluster: one, user: alice, namespace: shop } }
- { name: plugin, context: { cluster: one, user: plugin } }
- { name: in-path, context: { cluster: one, user: in-path } }
- { name: nobody, context: { cluster: one } }
- { name: broken-cluster, context: { cluster: missing, user: alice } }
- { name: broken-user, context: { cluster: one, user: missing } }
`;

describe('a context', () => {
  test('has its cluster, user and namespace, with paths from the folder of the file', () => {
    const file = write('config', first);
    expect(readContext('dev', file)).toEqual({
      context: 'dev',
      namespace: 'shop',
      cluster: {
        server: 'https://one:6443',
        'certificate-authority': join(folder, 'certs/ca.crt'),
        'tls-server-name': 'kubernetes',
        'proxy-url': 'socks5://proxy:1080',
      },
      user: { 'client-certificate': join(folder, 'alice.crt'), 'client-key': '/keys/alice.key' },
    });
    expect(readContext('plugin', file).user.exec?.command).toBe(join(folder, 'bin/login'));
    expect(readContext('in-path', file).user.exec?.command).toBe('aws');
    expect(readContext('nobody', file)).toMatchObject({ namespace: 'default', user: {} });
  });

  test('is looked for in all files of KUBECONFIG; the first to name a thing wins, missing files do not matter', () => {
    const second = `
clusters: [{ name: one, cluster: { server: "https://other" } }, { name: two, cluster: { server: "https://two" } }]
users: [{ name: alice, user: { token: other } }, { name: bob, user: { token: b } }]
contexts: [{ name: dev, context: { cluster: two, user: bob } }, { name: prod, context: { cluster: one, user: bob } }]
`;
    vi.stubEnv(
      'KUBECONFIG',
      [join(folder, 'none'), write('first', first), '', write('second', second)].join(delimiter),
    );
    expect(readContext('dev').cluster.server).toBe('https://one:6443');
    expect(readContext('prod')).toMatchObject({ cluster: { server: 'https://one:6443' }, user: { token: 'b' } });
    expect(contextNames()).toEqual(['dev', 'plugin', 'in-path', 'nobody', 'broken-cluster', 'broken-user', 'prod']);
  });

  test('is looked for in ~/.kube/config when KUBECONFIG is not set', () => {
    vi.stubEnv('KUBECONFIG', '');
    vi.stubEnv('HOME', folder);
    mkdirSync(join(folder, '.kube'));
    write('.kube/config', first);
    expect(readContext('dev').cluster.server).toBe('https://one:6443');
  });
});

describe('what is wrong is told by file', () => {
  const cases: [string, string, string, string][] = [
    [
      'a context that does not exist',
      first,
      'production',
      'context "production" does not exist in FILE. Contexts there: dev, plugin, in-path, nobody, broken-cluster, broken-user.',
    ],
    ['an empty file', '', 'dev', 'context "dev" does not exist in FILE. There are no contexts in it.'],
    [
      'a cluster that does not exist',
      first,
      'broken-cluster',
      'kubeconfig FILE: context "broken-cluster" names the cluster "missing", which has no server.',
    ],
    [
      'a user that does not exist',
      first,
      'broken-user',
      'kubeconfig FILE: context "broken-user" names the user "missing", which does not exist.',
    ],
    [
      'no YAML',
      'users:\n- name: a\n  user: { token: hunter2\ncontexts: []',
      'dev',
      'kubeconfig FILE: is not YAML (line 4).',
    ],
    ['no mapping', '- a', 'dev', 'kubeconfig FILE: is not a kubeconfig.'],
    ['a section that is no list', 'clusters: {}', 'dev', 'kubeconfig FILE: "clusters" is not a list.'],
  ];
  test.each(cases)('%s', (_, text, context, expected) => {
    const file = write('config', text);
    let message = '';
    try {
      readContext(context, file);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain(expected.replace('FILE', file));
    expect(message).not.toContain('hunter2');
  });

  test('no file at all', () => {
    vi.stubEnv('KUBECONFIG', [join(folder, 'a'), join(folder, 'b')].join(delimiter));
    expect(() => readContext('dev')).toThrow(
      `no kubeconfig: ${join(folder, 'a')}, ${join(folder, 'b')} do not exist. Set KUBECONFIG`,
    );
    expect(() => readContext('dev', join(folder, 'c'))).toThrow(`no kubeconfig: ${join(folder, 'c')} does not exist.`);
  });
});
