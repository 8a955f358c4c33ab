import type { DeployEvent } from '../deploy/options.ts';
import { DeployRows, type Transition } from './deploy-rows.ts';
import { treeLines } from './deploy-tree.ts';
import { describeFailure } from './failure.ts';
import type { Progress, Terminal } from './terminal.ts';

/**
 * Shows a deployment while it runs: on a terminal a tree that is drawn again and again, in a log a line for every change,
 * to programs every event.
 */
export class DeployView {
  readonly #progress: Progress;
  readonly #colors: Terminal['colors'];
  readonly #work: 'deploy' | 'destroy';
  readonly #graph: string;
  readonly #rows = new DeployRows(performance.now());

  constructor(
    progress: Progress,
    {
      colors,
      graph,
      work = 'deploy',
    }: Pick<Terminal, 'colors'> & { readonly graph: string; readonly work?: 'deploy' | 'destroy' },
  ) {
    this.#progress = progress;
    this.#colors = colors;
    this.#work = work;
    this.#graph = graph;
  }

  /** Gives the terminal to something else. */
  pause(): void {
    this.#progress.stop();
  }

  show(event: DeployEvent): void {
    const { yellow } = this.#colors;
    this.#progress.event({ ...(event.type === 'plan' ? planEvent(event) : event), graph: this.#graph });
    const transition = this.#rows.take(event, performance.now());
    if (event.type === 'warning') this.#progress.line(yellow(`  warning: ${event.message}`));
    if (event.type === 'lock') this.#progress.line(yellow(`  waits for another run: ${event.holder}`));
    if (event.type === 'namespace')
      this.#log(`${event.action} Namespace ${event.name}${event.reason ? `: ${event.reason}` : ''}`);
    if (transition) this.#log(this.#text(transition));
    if (event.type !== 'plan') this.#draw();
  }

  #text({ row, word, after }: Transition): string {
    const { title, reason } = row;
    const text = `${word} ${title}${reason === undefined ? '' : `: ${reason}`}`;
    if (word === 'fails') return this.#colors.red(text);
    const seconds = ((after ?? 0) / 1000).toFixed(1);
    return seconds === '0.0' ? text : `${text} after ${seconds} s`;
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
