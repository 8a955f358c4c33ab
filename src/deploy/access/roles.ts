import type { Need, Optional } from './need.ts';

/** One rule of a Role. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** A Role or ClusterRole, and what it is for. */
export interface RoleManifest {
  readonly apiVersion: 'rbac.authorization.k8s.io/v1';
  readonly kind: 'Role' | 'ClusterRole';
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules: readonly Rule[];
}

export interface GroupedRole {
  readonly role: RoleManifest;
  readonly optional?: Optional;
}

/** The fewest roles that hold some needs: one for each namespace, one for the cluster, and the optional ones apart. */
export function rolesOf(
  needs: readonly Need[],
  nameOf: (namespace: string | undefined, optional: Optional | undefined) => string,
): readonly GroupedRole[] {
  const everywhere = Map.groupBy(
    needs.filter(({ namespace, name, optional }) => namespace === undefined && name === undefined && !optional),
    ({ group, resource }) => `${group} ${resource}`,
  );
  const left = needs.flatMap((need) => {
    const covering = everywhere.get(`${need.group} ${need.resource}`) ?? [];
    if (covering.includes(need)) return [need];
    const verbs = need.verbs.filter((verb) => !covering.some((other) => other.verbs.includes(verb)));
    return verbs.length > 0 ? [{ ...need, verbs }] : [];
  });
  const groups = Map.groupBy(left, ({ namespace, optional }) => `${optional ?? ''} ${namespace ?? ''}`);
  return [...groups]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, group]) => {
      const [{ namespace, optional }] = group as [Need];
      const name = nameOf(namespace, optional);
      const role: RoleManifest = {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: namespace === undefined ? 'ClusterRole' : 'Role',
        metadata: { name, ...(namespace !== undefined && { namespace }) },
        rules: rulesOf(group),
      };
      return { role, ...(optional && { optional }) };
    });
}

// As people read them; others come behind, by name.
const order = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];

/** Names that may be touched in the same ways share a rule; what holds for all objects is not said again for one. */
function rulesOf(needs: readonly Need[]): readonly Rule[] {
  const resources = Map.groupBy(needs, ({ group, resource }) => `${group} ${resource}`);
  return [...resources]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([, group]) => {
      const [{ group: apiGroup, resource }] = group as [Need];
      const head = { apiGroups: [apiGroup], resources: [resource] };
      const forAll = sorted(group.filter(({ name }) => name === undefined).flatMap(({ verbs }) => verbs));
      const byName = new Map<string, string[]>();
      for (const { name, verbs } of group) {
        if (name === undefined) continue;
        const left = verbs.filter((verb) => !forAll.includes(verb));
        if (left.length > 0) byName.set(name, [...(byName.get(name) ?? []), ...left]);
      }
      const byVerbs = Map.groupBy(byName, ([, verbs]) => sorted(verbs).join());
      const named = [...byVerbs.values()].map((entries): Rule => {
        const [[, verbs]] = entries as [[string, string[]]];
        return { ...head, resourceNames: entries.map(([name]) => name).sort(), verbs: sorted(verbs) };
      });
      return [...(forAll.length > 0 ? [{ ...head, verbs: forAll }] : []), ...named];
    });
}

function sorted(verbs: readonly string[]): readonly string[] {
  const place = (verb: string): number => (order.includes(verb) ? order.indexOf(verb) : order.length);
  return [...new Set(verbs)].sort((left, right) => place(left) - place(right) || (left < right ? -1 : 1));
}
