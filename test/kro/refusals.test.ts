import { type } from 'arktype';
import { describe, expect, it } from 'vitest';
import { KubewrightError } from '../../src/errors.ts';
import { Cel } from '../../src/expr/cel.ts';
import { toResourceGraph, type SchemaRef } from '../../src/graph/graph.ts';
import { forEach } from '../../src/graph/resource.ts';
import { apiextensions, core, external } from '../../src/k8s/index.ts';
import { toDefinition } from '../../src/kro/definition.ts';

const spec = type({ name: 'string', regions: 'string[]' });
type Schema = SchemaRef<typeof spec.infer>;

function refusal(
  resources: (schema: Schema) => object,
  status: (schema: Schema) => object = () => ({}),
): KubewrightError {
  const graph = toResourceGraph(
    { name: 'app', apiVersion: 'example.com/v1', kind: 'App', spec, status: type('object') },
    resources as never,
    status as never,
  );
  try {
    toDefinition(graph);
  } catch (error) {
    if (error instanceof KubewrightError) return error;
    throw error;
  }
  throw new Error('the graph was not refused');
}

const config = (name: string, options: object = {}) => core.v1.ConfigMap({ metadata: { name } }, options);

const table: readonly { name: string; resources: (schema: Schema) => object; status?: () => object; code: string; path: string; message: RegExp }[] = [
  { name: 'keep', resources: () => ({ one: config('one', { keep: true }) }), code: 'KroCannotKeep', path: 'keep', message: /deletes everything that it made\. Deploy it directly/ },
  { name: 'reserved labels', resources: () => ({ one: core.v1.ConfigMap({ metadata: { name: 'x', labels: { 'kro.run/x': 'y' } } }) }), code: 'KroReservedKey', path: 'metadata.labels["kro.run/x"]', message: /belongs to kro/ },
  { name: 'reserved annotations', resources: () => ({ one: core.v1.ConfigMap({ metadata: { name: 'x', annotations: { 'internal.kro.run/x': 'y' } } }) }), code: 'KroReservedKey', path: 'metadata.annotations["internal.kro.run/x"]', message: /belongs to kro/ },
  { name: 'a label that kro overwrites', resources: () => ({ one: core.v1.ConfigMap({ metadata: { name: 'x', labels: { 'app.kubernetes.io/managed-by': 'me' } } }) }), code: 'KroReservedKey', path: 'metadata.labels["app.kubernetes.io/managed-by"]', message: /its own name/ },
  { name: 'a namespace of what has none', resources: () => ({ one: core.v1.Namespace({ metadata: { name: 'x', namespace: 'y' } }) }), code: 'KroMetadata', path: 'metadata.namespace', message: /Namespace has no namespace/ },
  { name: 'a collection without identity', resources: ({ spec: values }) => ({ one: forEach(values.regions, () => config('same')) }), code: 'KroCollectionIdentity', path: 'metadata.name', message: /does not contain element/ },
  { name: 'readiness of what is read by selector', resources: () => ({ one: external(core.v1.Pod, { selector: { matchLabels: { a: 'b' } } }, { readyWhen: () => true }) }), code: 'KroReadyWhen', path: 'readyWhen', message: /by selector/ },
  { name: 'omit()', resources: ({ spec: values }) => ({ one: core.v1.ConfigMap({ metadata: { name: 'x' }, data: { a: Cel.expr<string>`${values.name} == "" ? omit() : "x"` } }) }), code: 'KroFeatureGate', path: 'data.a', message: /CELOmitFunction/ },
  {
    name: 'expressions in a CustomResourceDefinition',
    resources: ({ spec: values }) => ({ one: apiextensions.v1.CustomResourceDefinition({ metadata: { name: 'x' }, spec: { group: values.name, scope: 'Namespaced', names: { kind: 'X', plural: 'xs' }, versions: [] } }) }),
    code: 'KroCrdExpression', path: 'spec.group', message: /only in its metadata/,
  },
  { name: 'state in the status', resources: () => ({}), status: () => ({ state: 'x' }), code: 'KroStatusField', path: 'state', message: /kro writes its own state/ },
  { name: 'conditions in the status', resources: () => ({}), status: () => ({ conditions: [] }), code: 'KroStatusField', path: 'conditions', message: /its own conditions/ },
  { name: 'null in the status', resources: () => ({}), status: () => ({ a: { b: null } }), code: 'KroStatusNull', path: 'a.b', message: /null/ },
]; // biome-ignore format: a table

describe('what kro has no form for', () => {
  it.each(table)('$name', ({ resources, status, code, path, message }) => {
    const error = refusal(resources, status);
    expect({ code: error.code, path: error.path }).toEqual({ code, path });
    expect(error.message).toMatch(message);
    expect(error.hint).toBeTruthy();
  });

  it('is listed at once, with the place in the stack', () => {
    const { problems, message } = refusal(() => ({
      one: config('one', { keep: true }),
      two: config('two', { keep: true }),
    }));
    expect(problems.map(({ resource, code }) => `${resource} ${code}`)).toEqual([
      'one KroCannotKeep',
      'two KroCannotKeep',
    ]);
    expect(message).toContain('test/kro/refusals.test.ts');
  });

  it('includes names that no API has', () => {
    const graph = toResourceGraph(
      { name: 'app', apiVersion: 'v1', kind: 'App', spec, status: type('object') },
      () => ({}),
    );
    expect(() => toDefinition(graph, { definition: { name: 'App_1', kind: 'app' } })).toThrow(
      /2 problems\n.*definition name: "App_1" is no name.*\n.*definition kind: "app" is no kind/,
    );
  });

  it('may be allowed by a feature gate', () => {
    const graph = toResourceGraph(
      { name: 'app', apiVersion: 'v1', kind: 'App', spec, status: type('object') },
      ({ spec: values }) => ({
        one: core.v1.ConfigMap({
          metadata: { name: 'x' },
          data: { a: Cel.expr<string>`${values.name} == "" ? omit() : "x"` },
        }),
      }),
    );
    expect(toDefinition(graph, { featureGates: ['CELOmitFunction'] }).spec.resources).toHaveLength(1);
  });
});
