import { isApiError } from '../cluster/api-error.ts';
import type { KindReference, KubernetesObject } from '../cluster/cluster.ts';
import { fields, text, type Fields } from './readiness/verdict.ts';
import type { Run } from './run.ts';

const firstPauseMs = 100;
const longestPauseMs = 2_000;

/** Whether the server serves the kinds of definitions: it calls them established a moment before that. */
export class EstablishedKinds {
  readonly #run: Run;
  readonly #onChange: () => void;
  readonly #served = new Set<string>();
  readonly #asked = new Set<string>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(run: Run, onChange: () => void) {
    this.#run = run;
    this.#onChange = onChange;
  }

  /** Asks the server where that is not known, and again with growing pauses. */
  ready(definition: KubernetesObject): boolean {
    const missing = kindsOf(definition).filter((kind) => !this.#served.has(keyOf(kind)));
    for (const kind of missing) {
      if (this.#asked.has(keyOf(kind))) continue;
      this.#asked.add(keyOf(kind));
      void this.#ask(kind, firstPauseMs);
    }
    return missing.length === 0;
  }

  /** Asks once for the kinds of a definition that is there, so that nobody is told to wait for what is served already. */
  async learn(definition: KubernetesObject): Promise<void> {
    await Promise.all(kindsOf(definition).map((kind) => this.#look(kind)));
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  async #look(kind: KindReference): Promise<void> {
    const { cluster, signal } = this.#run;
    try {
      if (await cluster.discover(kind, { signal })) this.#served.add(keyOf(kind));
    } catch (error) {
      // Who may not see what is served does not wait for it.
      if (isApiError(error, 'Forbidden', 'Unauthorized')) this.#served.add(keyOf(kind));
    }
  }

  async #ask(kind: KindReference, pauseMs: number): Promise<void> {
    const { signal } = this.#run;
    await this.#look(kind);
    if (signal.aborted) return;
    if (this.#served.has(keyOf(kind))) {
      this.#onChange();
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#ask(kind, Math.min(longestPauseMs, 2 * pauseMs));
    }, pauseMs);
    this.#timers.add(timer);
  }
}

function keyOf({ apiVersion, kind }: KindReference): string {
  return `${apiVersion}/${kind}`;
}

/** What a definition lets the server serve. */
function kindsOf(definition: KubernetesObject): readonly KindReference[] {
  const { group, names, versions } = fields(definition['spec']);
  const kind = text(fields(names)['kind']);
  if (!kind || !Array.isArray(versions)) return [];
  return (versions as readonly Fields[])
    .filter(({ served }) => served === true)
    .map(({ name }) => ({ apiVersion: `${String(group)}/${String(name)}`, kind }));
}
