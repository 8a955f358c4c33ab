import type { KubernetesObject } from '../cluster/cluster.ts';
import { definesKind } from './edges.ts';
import { Endpoints, isElsewhere, servicesOf } from './endpoints.ts';
import type { RuleContext } from './readiness/verdict.ts';
import type { Run } from './run.ts';
import { EstablishedKinds } from './established.ts';
import type { World } from './world.ts';

/** What readiness rules ask for that changes while a deployment waits, followed only where one of them asks. */
export class Facts {
  readonly #endpoints: Endpoints;
  readonly #served: EstablishedKinds;
  readonly context: RuleContext;

  constructor(run: Run, world: World, onChange: () => void) {
    this.#endpoints = new Endpoints(run, onChange);
    this.#served = new EstablishedKinds(run, onChange);
    this.context = {
      endpoints: (service) =>
        isElsewhere(world.live.object(`Service/${service.namespace}/${service.name}`)) ||
        this.#endpoints.ready(service),
      served: (definition) => this.#served.ready(definition),
    };
  }

  /** Finds out what can be told of objects before they are judged for the first time. */
  async learn(objects: readonly KubernetesObject[]): Promise<void> {
    await Promise.all(
      objects.filter((object) => definesKind(object) !== undefined).map((object) => this.#served.learn(object)),
    );
  }

  stop(): void {
    this.#endpoints.stop();
    this.#served.stop();
  }
}

/** Whether a rule asks for them about an object. */
export function needsFacts(object: KubernetesObject): boolean {
  return servicesOf(object).length > 0 || definesKind(object) !== undefined;
}
