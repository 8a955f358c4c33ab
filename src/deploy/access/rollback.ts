import type { Graph } from '../../graph/graph.ts';
import { definitionsOf } from '../../kro/chain.ts';
import { groupOf } from '../identity.ts';
import { definitionKind } from '../kro/installed.ts';
import { restoringWithKro } from '../kro/restoring.ts';
import type { StoredRecord } from '../record.ts';
import { kindOf, type Run } from '../run.ts';
import { readSnapshot } from '../snapshot.ts';
import { directNeeds } from './direct.ts';
import { footprintOf, keyOf, type Footprint, type Place } from './footprint.ts';
import { kroNeeds } from './kro.ts';
import type { Need } from './need.ts';

/** A rollback deploys the objects of a revision: neither the graph is looked at, nor what it reads of others. */
export function rollbackNeeds({ restorable, made, recorded, ...footprint }: Footprint): readonly Need[] {
  const kept = new Set(restorable.map(keyOf));
  const unwanted = [...made, ...recorded].filter((place) => !kept.has(keyOf(place)));
  const rollback = { ...footprint, restorable, made: restorable, recorded: unwanted, externals: [] };
  return directNeeds(rollback, ['deploy'], new Set());
}

/**
 * In mode kro every revision has a graph of its own, and the Secrets beside its definition as they were.
 *
 * @param definition whether definitions that are not needed any more may go
 */
export async function rollbackWithKroNeeds(
  run: Run,
  stored: StoredRecord,
  definition: boolean,
): Promise<readonly Need[]> {
  const revisions = (stored.record?.revisions ?? []).flatMap(({ number, mode, snapshot }) =>
    snapshot && mode === 'kro' ? [{ number, snapshot }] : [],
  );
  const needs = await Promise.all(
    revisions.map(async ({ number, snapshot }) => {
      const { objects } = await readSnapshot(run, snapshot);
      const then = restoringWithKro(run, objects, { rollbackTo: number });
      const footprint = await footprintOf(then, stored, { revisions: false });
      const secrets = await secretPlaces(then);
      const beside = { ...footprint, made: secrets, recorded: [], externals: [] };
      return [
        ...(await kroNeeds(then, footprint, ['deploy'], { existing: new Set(), definition: false })),
        ...directNeeds(beside, ['deploy'], new Set()),
        ...(definition ? removalNeeds([run.graph, then.graph]) : []),
      ];
    }),
  );
  return needs.flat();
}

/** Before a definition goes, all others are asked whether they use it. */
function removalNeeds(graphs: readonly Graph[]): readonly Need[] {
  const definitions = { group: groupOf(definitionKind.apiVersion), resource: 'resourcegraphdefinitions' };
  const named = graphs.flatMap(definitionsOf).map(({ name }) => ({ ...definitions, name, verbs: ['delete'] }));
  return [{ ...definitions, verbs: ['list'] }, ...named];
}

function secretPlaces(then: Run): Promise<readonly Place[]> {
  return Promise.all(
    (then.restored?.secrets ?? []).map(async ({ path, node, object }): Promise<Place> => {
      const { apiVersion, kind, metadata } = object;
      const served = await kindOf(then, { apiVersion, kind });
      const { plural = 'secrets', namespaced = true } = served ?? {};
      const { namespace = then.identity.namespace, name } = metadata;
      return {
        path,
        node,
        apiVersion,
        kind,
        served: { group: groupOf(apiVersion), resource: plural, namespaced },
        namespace,
        name,
        object,
      };
    }),
  );
}
