import { spawn } from 'node:child_process';
import { localProgress, withProgress } from './session.ts';
import type { Call, Flag, Outcome, Verb } from './verb.ts';

const nameFlag: Flag = { flags: '--name <name>', text: 'which control plane of this machine', default: 'default' };

type Work = (call: Call, name: string) => Promise<Outcome>;

function localCommand(name: string, summary: string, work: Work, options: readonly Flag[] = []): Verb {
  return {
    name,
    summary,
    examples: [`local ${name}`],
    operand: 'none',
    environment: 'none',
    options: [nameFlag, ...options],
    run: (call) => work(call, call.flags['name'] as string),
  };
}

const up: Work = ({ terminal }, name) =>
  withProgress(terminal, async (progress) => {
    const { up: start } = await import('../cluster/local/local.ts');
    const { started, server, kubeconfig, directory } = await start({ name, onProgress: localProgress(progress) });
    // The token stays in its file.
    return {
      document: { name, started, server, kubeconfig, directory },
      text: `${started ? 'Started' : 'Runs already'}: ${server}\nkubeconfig: ${kubeconfig}`,
    };
  });

const down: Work = ({ terminal }, name) =>
  withProgress(terminal, async (progress) => {
    const { down: stop } = await import('../cluster/local/local.ts');
    const stopped = await stop({ name, onProgress: localProgress(progress) });
    return {
      document: { name, stopped },
      text:
        stopped > 0
          ? `Stopped ${stopped} processes. The data stays: local up continues with it.`
          : 'Nothing was running.',
    };
  });

const reset: Work = ({ terminal }, name) =>
  withProgress(terminal, async (progress) => {
    const { reset: clear } = await import('../cluster/local/local.ts');
    await clear({ name, onProgress: localProgress(progress) });
    return { document: { name, reset: true }, text: 'Stopped and emptied. local up starts with an empty cluster.' };
  });

const status: Work = async (_call, name) => {
  const { status: read } = await import('../cluster/local/local.ts');
  const state = await read({ name });
  const lines = [`${state.name}: ${state.state}${state.server ? `, ${state.server}` : ''}`];
  if (state.kubernetesVersion)
    lines.push(`  Kubernetes ${state.kubernetesVersion}${state.startedAt ? `, started ${state.startedAt}` : ''}`);
  for (const { component, pid, running, memory } of state.processes) {
    lines.push(
      `  ${component.padEnd(24)} ${running ? `pid ${pid}${memory === undefined ? '' : `, ${Math.round(memory / 2 ** 20)} MB`}` : 'stopped'}`,
    );
  }
  return { document: { ...state }, text: lines.join('\n') };
};

const logs: Work = async ({ flags }, name) => {
  const { logs: read } = await import('../cluster/local/local.ts');
  const found = read({ name, lines: Number(flags['lines']), component: flags['component'] as never });
  return {
    document: { name, logs: found },
    text: found.map(({ component, file, text }) => `── ${component} (${file})\n${text}`).join('\n'),
  };
};

const kubeconfig: Work = async (_call, name) => {
  const { status: read } = await import('../cluster/local/local.ts');
  const { kubeconfig: path, state } = await read({ name });
  return { document: { name, kubeconfig: path, state }, text: path };
};

const kubectl: Work = ({ rest, terminal }, name) =>
  withProgress(terminal, async (progress) => {
    const { kubectl: command } = await import('../cluster/local/local.ts');
    const { file, args, env } = await command(rest, { name, onProgress: localProgress(progress) });
    progress.stop();
    const exitCode = await new Promise<number>((resolve, reject) => {
      const child = spawn(file, args, {
        stdio: ['inherit', terminal.json ? 'pipe' : 'inherit', 'inherit'],
        env: { ...process.env, ...env },
      });
      child.stdout?.pipe(process.stderr);
      child.on('error', reject).on('close', (code) => resolve(code ?? 1));
    });
    return { document: { name, exitCode }, text: '', exitCode };
  });

const components = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok', 'kro'];

/** `local`: the control plane of this machine. */
export const localVerb: Verb = {
  name: 'local',
  summary: 'the local control plane: a real Kubernetes and kro as plain processes',
  examples: ['local up', 'local status', 'local kubectl get pods -A'],
  operand: 'none',
  environment: 'none',
  verbs: [
    localCommand('up', 'starts it, and builds it the first time', up),
    localCommand('down', 'stops it; its data stays', down),
    localCommand('status', 'shows what runs', status),
    localCommand('logs', 'shows the ends of the logs', logs, [
      { flags: '--component <component>', text: 'only this one', choices: components },
      { flags: '--lines <n>', text: 'how many lines of each', default: '20' },
    ]),
    localCommand('reset', 'stops it and deletes its data', reset),
    localCommand('kubeconfig', 'prints the path of its kubeconfig', kubeconfig),
    {
      ...localCommand('kubectl', 'runs kubectl against it, as in: local kubectl get pods -A', kubectl),
      examples: ['local kubectl get pods -A'],
      passThrough: true,
    },
  ],
  run: () => Promise.resolve({ document: {}, text: '' }),
};
