import { beforeAll, describe, expect, it } from 'vitest';
import type { CommandLine, CommandResult } from './command-lines.ts';
import { runCommandLines } from './run-command-lines.ts';

const shop = 'shop/stacks/shop.ts';
const broken = 'broken/stack.ts';
const clusters = 'clusters/stack.ts';

/** A command line that is wrong and what it is answered. */
const cases: readonly (CommandLine & { readonly title: string; readonly says: readonly (string | RegExp)[] })[] = [
  { title: 'no --env', stack: shop, argv: [], says: ['the option --env is missing', 'Use --env dev or prod.'] },
  {
    title: 'an environment that does not exist',
    stack: shop,
    argv: ['--env', 'prd'],
    says: ['there is no environment "prd"', 'Did you mean "prod"?', 'Use --env dev or prod.'],
  },
  {
    title: 'an environment that is only a base',
    stack: shop,
    argv: ['plan', '--env', 'base'],
    says: ['shop/environments/base.ts cluster: is missing', 'Use --env dev or prod.'],
  },
  {
    title: 'a mistyped verb',
    stack: shop,
    argv: ['depoly', '--env', 'dev'],
    says: ['there is no verb "depoly"', 'Did you mean "deploy"?'],
  },
  {
    title: 'a verb that is like none',
    stack: shop,
    argv: ['frobnicate'],
    says: ['there is no verb "frobnicate"', 'The verbs are help, deploy, plan'],
  },
  {
    title: 'a mistyped flag',
    stack: shop,
    argv: ['synth', '--chekc'],
    says: ["unknown option '--chekc'", 'Did you mean --check?'],
  },
  {
    title: 'a mistyped flag with a value and no verb',
    stack: shop,
    argv: ['--evn', 'dev'],
    says: ["unknown option '--evn'", 'Did you mean --env?'],
  },
  {
    title: 'a flag of another tool',
    stack: shop,
    argv: ['--env', 'dev', '--dry-run'],
    says: ["unknown option '--dry-run'", 'plan shows what deploy would change.'],
  },
  {
    title: 'a wrong choice',
    stack: shop,
    argv: ['graph', '--format', 'png'],
    says: ["argument 'png' is invalid", 'Allowed choices are mermaid, dot'],
  },
  {
    title: 'a wrong timeout',
    stack: shop,
    argv: ['--env', 'dev', '--timeout', 'soon'],
    says: ['--timeout takes a number of seconds (was "soon")'],
  },
  {
    title: 'a wrong number of revisions',
    stack: shop,
    argv: ['--env', 'dev', '--history-max', 'abc'],
    says: ['--history-max takes a whole number from 2 (was "abc")'],
  },
  {
    title: 'help for a mistyped verb',
    argv: ['help', 'sinth'],
    says: ['there is no verb "sinth"', 'Did you mean "synth"?'],
  },
  {
    title: 'no stack file',
    argv: ['synth'],
    says: ["missing required argument 'stack'", 'For example: npx kubewright synth stacks/app.ts'],
  },
  {
    title: 'no stack file for an environment',
    argv: ['plan'],
    says: ["missing required argument 'stack'", 'npx kubewright plan stacks/app.ts --env dev'],
  },
  {
    title: 'a mistyped flag of the program without a verb',
    argv: ['--versoin'],
    says: ["unknown option '--versoin'", 'Did you mean "--version"?'],
  },
  {
    title: 'a flag that is like none, with a value, without a verb',
    argv: ['--frobnicate=3'],
    says: ["unknown option '--frobnicate'", 'Add --help to see what there is.'],
  },
  { title: 'a flag without a verb', argv: ['--env', 'dev'], says: ['a verb is missing', 'The verbs are deploy, plan'] },
  { title: 'a verb without its verb', argv: ['local'], says: ['local takes a verb', 'The verbs are up, down'] },
  {
    title: 'a mistyped verb of a verb',
    argv: ['local', 'dwon'],
    says: ["unknown command 'dwon'", 'Did you mean down?'],
  },
  {
    title: 'a stack file that does not exist',
    argv: ['synth', 'shop/stacks/shopp.ts'],
    says: ['shop/stacks/shopp.ts: does not exist'],
  },
  {
    title: 'a stack file that throws',
    argv: ['synth', 'shop/stacks/throws.ts'],
    says: ['shop/stacks/throws.ts: throws while it is loaded: TypeError: the price list is empty', /throws\.ts:1:7/],
  },
  {
    title: 'a stack file without run',
    argv: ['synth', 'shop/stacks/no-run.ts'],
    says: ['shop/stacks/no-run.ts: does not call run', 'End it with run(import.meta, graph).'],
  },
  {
    title: 'a graph that is wrong',
    argv: ['synth', 'shop/stacks/invalid.ts'],
    says: [
      'shop/stacks/invalid.ts',
      '2 problems',
      'metadata',
      'ConfigMap forgotten, which the builder did not return',
      /invalid\.ts:7:/,
    ],
  },
  { title: 'a file that is no stack', argv: ['graph', 'shop'], says: ['shop: is no stack file'] },
  {
    title: 'a value of a wrong type',
    stack: broken,
    argv: ['synth', '--env', 'wrong-type'],
    says: ['broken/environments/wrong-type.ts values["shop"].gateway.replicas: must be a number (was a string)'],
  },
  {
    title: 'a value that the base gives',
    stack: broken,
    argv: ['synth', '--env', 'inherited'],
    says: ['broken/environments/wrong-type.ts values["shop"].gateway.replicas: must be a number'],
  },
  {
    title: 'an unknown and a missing value',
    stack: broken,
    argv: ['deploy', '--env', 'wrong-key'],
    says: [
      '2 problems',
      'broken/environments/wrong-key.ts values["shop"].gateway.domian: is not a field of the schema. Did you mean "domain"?',
      'values["shop"].gateway.domain: must be a string (was missing)',
    ],
  },
  {
    title: 'values of a graph with another name',
    stack: broken,
    argv: ['plan', '--env', 'wrong-name'],
    says: ['broken/environments/wrong-name.ts values["shop"]: is missing', '"shopp"'],
  },
  {
    title: 'settings that do not exist',
    stack: broken,
    argv: ['status', '--env', 'wrong-settings'],
    says: [
      'broken/environments/wrong-settings.ts mode: must be "direct" or "kro" (was "helm")',
      'namepsace: is no setting of an environment. Did you mean "namespace"?',
      'namespace: must be a name of lower-case letters',
      'secrets.shop-credentials: must be "plain", "existing" or an object of fromEnv() and fromFile()',
    ],
  },
  {
    title: 'a Secret that nearly exists',
    stack: broken,
    argv: ['synth', '--env', 'wrong-secret'],
    says: [
      'broken/environments/wrong-secret.ts secrets["shop-credential"]: graph shop has no such Secret. Did you mean "shop-credentials"?',
    ],
  },
  {
    title: 'an environment file without a default export',
    stack: broken,
    argv: ['destroy', '--env', 'no-default'],
    says: ['broken/environments/no-default.ts: has no default export', 'export default defineEnvironment'],
  },
  {
    title: 'a default export of something else',
    stack: broken,
    argv: ['synth', '--env', 'no-environment'],
    says: ['broken/environments/no-environment.ts: its default export was not made by defineEnvironment'],
  },
  {
    title: 'an environment file that throws',
    stack: broken,
    argv: ['synth', '--env', 'throws'],
    says: ['broken/environments/throws.ts: throws while it is loaded: Error: no such region', /throws\.ts:1:7/],
  },
  {
    title: 'files that would need the cluster',
    stack: 'live/stack.ts',
    argv: ['synth'],
    says: ['live for dev: config data.ip: ', 'known only in the cluster: use mode kro for these files'],
  },
  {
    title: 'a context that does not exist',
    stack: clusters,
    argv: ['plan', '--env', 'missing-context'],
    says: ['context "otherr" does not exist in ', 'kubeconfig.yaml', 'other, failing-plugin'],
  },
  {
    title: 'a server that cannot be reached',
    stack: clusters,
    argv: ['plan', '--env', 'unreachable'],
    says: ['http://127.0.0.1:9', /cannot be reached|ECONNREFUSED/],
  },
  {
    title: 'a kubeconfig with a plugin that fails',
    stack: clusters,
    argv: ['status', '--env', 'failing-plugin'],
    says: ['sh', 'the session has expired'],
  },
];

describe('a wrong command line or environment is answered with what is wrong and what to do', () => {
  let results: readonly CommandResult[];
  beforeAll(() => {
    results = runCommandLines([
      ...cases,
      ...cases.map((line) => ({ ...line, argv: [...line.argv, '--output', 'json'] })),
    ]);
  }, 120_000);

  it.each(cases.map((line, index) => ({ ...line, index })))('$title', ({ says, index }) => {
    const { code, stdout, stderr } = results[index] as CommandResult;
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^error: /m);
    for (const text of says)
      expect(stderr).toEqual(typeof text === 'string' ? expect.stringContaining(text) : expect.stringMatching(text));
    expect(stderr).not.toMatch(/node_modules|\bat file:|in git|secret-token/);
    expect(code).toBe(1);
  });

  it.each(cases.map((line, index) => ({ ...line, index })))('$title, as JSON', ({ says, index }) => {
    const { code, stdout, stderr } = results[cases.length + index] as CommandResult;
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
    expect(error.code).toMatch(/^[A-Z]\w+$/);
    for (const text of says)
      expect(error.message).toEqual(
        typeof text === 'string' ? expect.stringContaining(text) : expect.stringMatching(text),
      );
    expect(stderr).toBe('');
    expect(code).toBe(1);
  });
});
