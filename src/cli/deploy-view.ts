import type { DeployedObject, DeployEvent } from '../deploy/options.ts';
import { doneCounts } from './counts.ts';
import { DeployRows, isWaiting, type Row, type Transition } from './deploy-rows.ts';
import { treeLines } from './deploy-tree.ts';
import { describeFailure } from './failure.ts';
import type { Progress, Terminal } from './terminal.ts';

/** In a log, what becomes ready sooner was not worth a line. */
const patienceMs = 2_000;

/** What is shown, and how. */
interface Showing extends Pick<Terminal, 'colors'> {
  readonly graph: string;
  /** Namespace of the instance. */
  readonly namespace: string | undefined;
  readonly work: 'deploy' | 'destroy';
}

/**
 * Shows a deployment while it runs: on a terminal a tree that is drawn again and again, in a log a line for every change
 * and for what keeps waiting, to programs every event.
 */
export class DeployView {
  readonly #progress: Progress;
  readonly #colors: Terminal['colors'];
  readonly #work: Showing['work'];
  readonly #graph: string;
  readonly #rows: DeployRows;
  /** Rows of which is told later that they wait, if they still do. */
  readonly #waits = new Map<Row, NodeJS.Timeout>();
  /** What was done to each object first. */
  readonly #done = new Map<string, DeployedObject>();

  constructor(progress: Progress, { colors, graph, namespace, work }: Showing) {
    this.#progress = progress;
    this.#colors = colors;
    this.#work = work;
    this.#graph = graph;
    this.#rows = new DeployRows(performance.now(), namespace);
  }

  /** Gives the terminal to something else. */
  pause(): void {
    this.#progress.stop();
  }

  /** `3 created, 1 updated`: what was done until now. */
  soFar(): string {
    return this.#done.size === 0 ? '' : doneCounts({ objects: [...this.#done.values()], writes: this.#done.size });
  }

  /** Nothing more is told. */
  end(): void {
    for (const timer of this.#waits.values()) clearTimeout(timer);
  }

  show(event: DeployEvent): void {
    const { yellow } = this.#colors;
    this.#progress.event({ ...(event.type === 'plan' ? planEvent(event) : event), graph: this.#graph });
    if (event.type === 'object') this.#note(event);
    const transition = this.#rows.take(event, performance.now());
    if (event.type === 'warning') this.#progress.line(yellow(`  warning: ${event.message}`));
    if (event.type === 'lock') this.#progress.line(yellow(`  waits for another run: ${event.holder}`));
    if (event.type === 'namespace' && !transition)
      this.#log(`${event.action} Namespace ${event.name}${event.reason ? `: ${event.reason}` : ''}`);
    if (transition?.word === 'waits') this.#logLater(transition);
    else if (transition) this.#log(this.#text(transition));
    if (event.type !== 'plan') this.#draw();
  }

  #note({ object, action }: Extract<DeployEvent, { type: 'object' }>): void {
    const { kind, namespace = '', name } = object;
    const key = `${kind}/${namespace}/${name}`;
    if (!this.#done.has(key)) this.#done.set(key, { ...object, action, ready: false });
  }

  #text({ row, word, after }: Transition): string {
    const { title, reason } = row;
    const text = `${word} ${title}${reason === undefined ? '' : `: ${reason}`}`;
    if (word === 'fails') return this.#colors.red(text);
    const seconds = ((after ?? 0) / 1000).toFixed(1);
    return seconds === '0.0' ? text : `${text} after ${seconds} s`;
  }

  #logLater({ row, word }: Transition): void {
    if (this.#progress.isLive || this.#waits.has(row)) return;
    const tell = (): void => {
      this.#waits.delete(row);
      if (isWaiting(row)) this.#log(this.#text({ row, word, after: undefined }));
    };
    this.#waits.set(row, setTimeout(tell, patienceMs));
  }

  /** On a terminal the tree says it. */
  #log(text: string): void {
    if (!this.#progress.isLive) this.#progress.line(`  ${text}`);
  }

  #draw(): void {
    this.#progress.live((screen) =>
      treeLines({
        rows: this.#rows.all(),
        work: this.#work,
        startedAt: this.#rows.startedAt,
        now: performance.now(),
        screen,
        colors: this.#colors,
      }),
    );
  }
}

function planEvent({ plan }: Extract<DeployEvent, { type: 'plan' }>): object {
  return { type: 'plan', ...plan, problems: plan.problems.map(describeFailure) };
}
