import { crdsFor } from './verdicts.ts';
import { mutate } from './mutate.ts';
import { Random } from './random.ts';
import type { Subject } from './subject.ts';
import { sharedCrds, type Start, starts } from './subjects.ts';

export interface Sample {
  readonly subject: Subject;
  readonly gates: readonly string[];
  /** Continues where the mutations stopped, for values. */
  readonly random: Random;
  /** How it was made, to make it again. */
  readonly name: string;
}

/** Definitions by number: an accepted one, most of the time changed in a few ways. */
export class Samples {
  readonly #starts: readonly Start[] = starts();
  readonly #crds = sharedCrds();

  /** @param changed part of the samples that are changed at all */
  at(seed: number, changed: number): Sample {
    const random = new Random(seed);
    const start = random.pick(this.#starts);
    const definition = structuredClone(start.definition);
    const shared = crdsFor({ definition, crds: [] }, this.#crds);
    const subject = { definition, crds: structuredClone([...start.crds, ...shared]) };
    const done = random.chance(changed) ? mutate(subject, random) : [];
    return { subject, gates: start.gates, random, name: `KRO_SEED=${seed} ${start.name} [${done.join(', ')}]` };
  }
}
