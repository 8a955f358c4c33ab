import type { DeployEvent, ObjectAddress } from '../deploy/options.ts';
import type { Progress, Terminal } from './terminal.ts';

const maxWaiting = 8;

/** Shows a deployment while it runs: on a terminal what is still waiting and why, in a log a line for everything that happens. */
export class DeployView {
  readonly #progress: Progress;
  readonly #colors: Terminal['colors'];
  readonly #work: 'deploy' | 'destroy';
  readonly #waiting = new Map<string, string>();
  readonly #reported = new Map<string, string>();
  #applied = 0;
  #ready = 0;
  #total = 0;

  constructor(progress: Progress, colors: Terminal['colors'], work: 'deploy' | 'destroy' = 'deploy') {
    this.#progress = progress;
    this.#colors = colors;
    this.#work = work;
  }

  /** Gives the terminal to something else. */
  pause(): void {
    this.#progress.stop();
  }

  show(event: DeployEvent): void {
    switch (event.type) {
      case 'plan':
        this.#total = event.plan.changes.filter(({ action }) => action !== 'delete').length;
        return;
      case 'object':
        this.#applied++;
        if (event.action !== 'unchanged' && event.action !== 'checked')
          this.#log(`${event.action} ${title(event.object)}`);
        break;
      case 'waiting':
        this.#waits(event.object.label, event.reason);
        break;
      case 'pending':
        this.#waits(event.path, event.reason);
        break;
      case 'ready':
        this.#ready++;
        if (this.#waiting.delete(event.object.label)) this.#log(`ready ${title(event.object)}`);
        break;
      case 'problem':
        this.#progress.line(this.#colors.red(`  ${title(event.object)}: ${event.reason}`));
        break;
      case 'namespace':
        this.#log(`${event.action} Namespace ${event.name}${event.reason ? `: ${event.reason}` : ''}`);
        break;
      case 'lock':
        this.#progress.line(this.#colors.yellow(`  waits for another run: ${event.holder}`));
        break;
      case 'retry':
        this.#waits(event.object.label, `tries again: ${event.reason}`);
        break;
      case 'warning':
        this.#progress.line(this.#colors.yellow(`  warning: ${event.message}`));
        break;
    }
    this.#draw();
  }

  #waits(label: string, reason: string): void {
    this.#waiting.set(label, reason);
    if (this.#reported.get(label) === reason) return;
    this.#reported.set(label, reason);
    this.#log(`waits ${label}: ${reason}`);
  }

  /** On a terminal the live lines say it. */
  #log(text: string): void {
    if (!this.#progress.isLive) this.#progress.line(`  ${text}`);
  }

  #draw(): void {
    const waiting = [...this.#waiting]
      .slice(0, maxWaiting)
      .map(([label, reason]) => `  ${this.#colors.yellow('…')} ${label}: ${reason}`);
    const more = this.#waiting.size - waiting.length;
    const total = this.#total > 0 ? `/${this.#total}` : '';
    this.#progress.live([
      this.#work === 'destroy'
        ? `  ${this.#applied} deleted`
        : `  ${this.#applied}${total} applied, ${this.#ready}${total} ready`,
      ...waiting,
      ...(more > 0 ? [`  … and ${more} more`] : []),
    ]);
  }
}

function title({ kind, name }: ObjectAddress): string {
  return `${kind} ${name}`;
}
