import type { Cluster } from '../cluster/cluster.ts';
import type { LocalProgress } from '../cluster/local/progress.ts';
import type { ClusterSource } from '../cluster/source.ts';
import type { TargetOptions } from '../deploy/options.ts';
import type { Target } from './target.ts';
import type { Progress, Terminal } from './terminal.ts';

/** Runs some work on a cluster and closes the connection behind it; a local control plane is started when it is needed. */
export async function withCluster<T>(
  source: ClusterSource,
  progress: Progress,
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const { connect } = await import('../cluster/connect.ts');
  const cluster = await connect(source, { onProgress: localProgress(progress) });
  try {
    return await work(cluster);
  } finally {
    progress.stop();
    cluster.close();
  }
}

/** Progress for as long as some work takes. */
export async function withProgress<T>(terminal: Terminal, work: (progress: Progress) => Promise<T>): Promise<T> {
  const progress = await terminal.progress();
  try {
    return await work(progress);
  } finally {
    progress.stop();
  }
}

/** What every call of the engine is told about a target. */
export function targetOptions(target: Target, cluster: Cluster, signal: AbortSignal | undefined): TargetOptions {
  const { mode, instance, secrets, featureGates } = target;
  const clusterId = target.cluster.kind === 'context' ? target.cluster.clusterId : undefined;
  return { cluster, mode, instance, secrets, featureGates, signal, clusterId };
}

/** Shows what a local control plane is doing: minutes pass while it is built for the first time. */
export function localProgress(progress: Progress): (state: LocalProgress) => void {
  let shown = '';
  let shownAt = 0;
  return (state) => {
    const { text, fraction, secondsLeft } = state;
    const details = [
      fraction !== undefined && `${Math.round(fraction * 100)} %`,
      secondsLeft !== undefined && `about ${duration(secondsLeft)} left`,
    ]
      .filter(Boolean)
      .join(', ');
    const line = details ? `${text} (${details})` : text;
    progress.event({ type: 'progress', ...state });
    progress.live(() => [fraction === undefined ? text : `${bar(fraction)} ${line}`]);
    // In a log, a line per step and one every now and then in a long step.
    const now = Date.now();
    if (progress.isLive || (text === shown && now - shownAt < 15_000)) return;
    shown = text;
    shownAt = now;
    progress.line(line);
  };
}

function bar(fraction: number): string {
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * 20);
  return '█'.repeat(full) + '░'.repeat(20 - full);
}

/** `75 s`, `3 min`: as exact as an estimate is. */
export function duration(seconds: number): string {
  return seconds < 90 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`;
}
