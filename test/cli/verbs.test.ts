import { beforeAll, describe, expect, it } from 'vitest';
import type { CommandResult } from './command-lines.ts';
import { runCommandLines } from './run-command-lines.ts';

const stack = 'shop/stacks/shop.ts';
const verbs = ['deploy', 'plan', 'synth', 'validate', 'status', 'history', 'rollback', 'destroy', 'graph'];

describe('the command line', () => {
  const lines = [
    { stack, argv: ['help'] },
    { argv: [] },
    { stack, argv: ['graph'] },
    { stack, argv: ['graph', '--format', 'dot'] },
    { argv: ['graph', stack, '--output', 'json'] },
    { stack, argv: ['validate'] },
    { argv: ['validate', stack, 'cycle/stack.ts', '--output', 'json'] },
    { argv: ['validate', 'broken/stack.ts', '--env', 'wrong-type', '--output', 'json'] },
    { stack, argv: ['--env', 'dev', 'synth', '--check', '--out', '/nowhere'] },
    { argv: ['local', '--help'] },
    { argv: ['local', 'logs', '--component', 'kubelet'] },
    { argv: ['local', 'kubeconfig', '--name', 'a-name-that-nobody-uses', '--output', 'json'] },
    { argv: ['--version'] },
    { argv: ['help', '--output', 'json'] },
    ...verbs.map((verb) => ({ stack, argv: [verb, '--help'] })),
    { argv: ['-V'] },
    { stack, argv: ['-V'] },
    { argv: ['plan', '--help', '--output', 'json'] },
    { argv: ['--output', 'json'] },
  ];
  let results: readonly CommandResult[];
  const nth = (index: number): CommandResult => results[index] as CommandResult;
  beforeAll(() => {
    results = runCommandLines(lines);
  }, 120_000);

  it('explains itself', () => {
    expect(nth(0).code).toBe(0);
    for (const verb of verbs) expect(nth(0).stdout).toMatch(new RegExp(`^  ${verb}`, 'm'));
    expect(nth(0).stdout).toContain('Exit codes: 0 done, 1 error, 2 with --detailed-exitcode: plan has changes');
    expect(nth(1)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Usage: kubewright[\s\S]*^ {2}local/m) });
    expect(nth(9).stdout).toMatch(/up [\s\S]*down [\s\S]*reset [\s\S]*kubectl /);
  });

  it('tells its version and its verbs to programs', () => {
    expect(nth(12)).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '' });
    expect(results.slice(-4, -2)).toEqual([nth(12), nth(12)]);
    expect(results.slice(-2)).toEqual([nth(13), nth(13)]);
    for (const help of [nth(0), nth(1)]) expect(help.stdout).toMatch(/-V, --version +shows the version/);
    expect(JSON.parse(nth(13).stdout)).toMatchObject({
      verb: 'help',
      verbs: expect.arrayContaining([expect.objectContaining({ name: 'synth' })]),
    });
  });

  it.each(verbs.map((verb, index) => ({ verb, index: index + 14 })))(
    'explains $verb with examples',
    ({ verb, index }) => {
      expect(nth(index)).toMatchObject({ code: 0, stderr: '' });
      expect(nth(index).stdout).toMatch(
        new RegExp(`--output[\\s\\S]*Examples:\\n  npx tsx shop/stacks/shop.ts ${verb}`),
      );
    },
  );

  it('draws a graph', () => {
    expect(nth(2).stdout).toMatch(/^flowchart LR\n[\s\S]*n_web\["web<br\/>Deployment \(conditional\)"\]/);
    expect(nth(3).stdout).toMatch(/^digraph "shop" \{[\s\S]*\}\n\ndigraph "queue"/);
    expect(JSON.parse(nth(4).stdout)).toMatchObject({
      verb: 'graph',
      graphs: [{ graph: 'shop', nodes: [{ id: 'settings' }, { id: 'credentials' }, { id: 'web' }], edges: [] }, {}],
    });
  });

  it('validates a stack for every environment', () => {
    expect(nth(5)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/shop for dev\n[\s\S]*queue for dev\n[\s\S]*shop for prod/),
    });
    expect(JSON.parse(nth(6).stdout)).toMatchObject({
      files: [
        { file: stack, accepted: true, errors: [] },
        { file: 'cycle/stack.ts', accepted: true },
      ],
    });
    const { files } = JSON.parse(nth(7).stdout) as { files: unknown[] };
    expect(nth(7).code).toBe(1);
    expect(files).toMatchObject([
      {
        file: 'broken/stack.ts',
        accepted: false,
        errors: [{ graph: 'shop', code: 'InvalidValues', path: 'values["shop"].gateway.replicas' }],
      },
    ]);
  });

  it('takes the verb at any place', () => {
    expect(nth(8)).toMatchObject({ code: 1, stdout: expect.stringContaining('/nowhere/dev/shop/web.yaml is missing') });
  });

  it('knows the parts of the local control plane', () => {
    expect(nth(10)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Allowed choices are etcd, kube-apiserver'),
    });
    expect(JSON.parse(nth(11).stdout)).toMatchObject({ verb: 'local kubeconfig', state: 'stopped' });
  });
});
