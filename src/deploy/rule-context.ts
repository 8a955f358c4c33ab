import { isApiError } from '../cluster/api-error.ts';
import type { KubernetesObject } from '../cluster/cluster.ts';
import { definesKind } from './edges.ts';
import { endpointsNow, isElsewhere } from './endpoints.ts';
import { groupKind, groupOf } from './identity.ts';
import { fields, text, type RuleContext } from './readiness/verdict.ts';
import { kindOf, type Run } from './run.ts';

type Object = Pick<KubernetesObject, 'apiVersion' | 'kind'>;

interface StorageClass {
  /** Volumes of it wait for their first pod. */
  readonly lazy: boolean;
  readonly isDefault: boolean;
}

/** Reads what readiness rules need beside the objects: how storage classes bind, and what definitions declare. */
export async function ruleContext(run: Run, objects: readonly KubernetesObject[]): Promise<RuleContext> {
  const declared = new Map<string, boolean>();
  const classes = new Map<string, StorageClass>();
  let isReadable = true;
  const foreign = new Map<string, Object>();
  for (const object of objects) {
    const defined = definesKind(object);
    if (defined) declared.set(defined, declaresConditions(object));
    else if (isCustom(object)) foreign.set(groupKind(object), object);
  }
  const reads: Promise<unknown>[] = [...foreign]
    .filter(([kind]) => !declared.has(kind))
    .map(([kind, object]) => readDefinition(run, object).then((found) => declared.set(kind, found)));
  if (objects.some(({ kind }) => kind === 'PersistentVolumeClaim'))
    reads.push(
      readClasses(run, classes).then((read) => {
        isReadable = read;
      }),
    );
  await Promise.all(reads);
  // Those of the graph may not be there yet.
  for (const object of objects)
    if (groupKind(object) === 'StorageClass.storage.k8s.io') classes.set(object.metadata.name, storageClassOf(object));
  return {
    declaresConditions: (object) => declared.get(groupKind(object)) ?? false,
    waitsForConsumer: (name) => {
      const found = name === undefined ? [...classes.values()].find(({ isDefault }) => isDefault) : classes.get(name);
      // Without a class it waits for a volume that somebody makes.
      return found?.lazy ?? (isReadable ? false : undefined);
    },
  };
}

/** The same, with what is true at this moment only: for looking once. */
export async function rulesNow(
  run: Run,
  objects: readonly KubernetesObject[],
  live: (key: string) => KubernetesObject | undefined,
): Promise<RuleContext> {
  const [rules, ready] = await Promise.all([ruleContext(run, objects), endpointsNow(run, objects)]);
  const endpoints: RuleContext['endpoints'] = (service) =>
    isElsewhere(live(`Service/${service.namespace}/${service.name}`)) || ready(service);
  return { ...rules, endpoints };
}

function isCustom({ apiVersion }: Object): boolean {
  const group = groupOf(apiVersion);
  return group.includes('.') && !group.endsWith('.k8s.io');
}

async function readDefinition(run: Run, object: Object): Promise<boolean> {
  try {
    const served = await kindOf(run, object);
    if (!served) return false;
    const name = `${served.plural}.${groupOf(object.apiVersion)}`;
    const definition = await run.cluster.get(
      { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name },
      { signal: run.signal },
    );
    return definition !== undefined && declaresConditions(definition);
  } catch (error) {
    if (!isApiError(error, 'Forbidden')) throw error;
    run.emit({
      type: 'warning',
      message: `${object.apiVersion} ${object.kind} counts as ready as soon as it exists: whether it has a status to wait for cannot be read (${error.message})`,
    });
    return false;
  }
}

function declaresConditions(definition: KubernetesObject): boolean {
  const versions = fields(definition['spec'])['versions'];
  return (
    Array.isArray(versions) &&
    versions.some((version: unknown) => {
      const path = ['schema', 'openAPIV3Schema', 'properties', 'status', 'properties', 'conditions'];
      return path.reduce<unknown>((value, name) => fields(value)[name], version) !== undefined;
    })
  );
}

function storageClassOf({ metadata, ...object }: KubernetesObject): StorageClass {
  return {
    lazy: text(object['volumeBindingMode']) === 'WaitForFirstConsumer',
    isDefault: metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true',
  };
}

/** Whether they may be read. */
async function readClasses(run: Run, classes: Map<string, StorageClass>): Promise<boolean> {
  try {
    const { items } = await run.cluster.list(
      { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass' },
      { signal: run.signal },
    );
    for (const item of items) classes.set(item.metadata.name, storageClassOf(item));
    return true;
  } catch (error) {
    if (!isApiError(error, 'Forbidden')) throw error;
    run.emit({
      type: 'warning',
      message: `volumes that wait for their first pod are waited for: how storage classes bind cannot be read (${error.message})`,
    });
    return false;
  }
}
