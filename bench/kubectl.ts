/** kubectl as a process of its own, from the multi-call binary of the local control plane. */
import { spawn } from 'node:child_process';
import { programCommand, findOrBuildBinaries } from '../src/cluster/local/binaries.ts';

const binaries = await findOrBuildBinaries(() => undefined);

/** Runs it to its end. @throws Error with what it wrote, when it fails */
export async function kubectl(args: readonly string[], kubeconfig: string): Promise<void> {
  const command = programCommand(binaries, 'kubectl');
  const env = { ...process.env, KUBECONFIG: kubeconfig };
  const child = spawn(command.file, [...command.args, ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => void (errors += chunk.toString()));
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('exit', resolve));
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${errors}`);
}
