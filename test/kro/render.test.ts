import { describe, expect, it } from 'vitest';
import { render } from '../../src/testing/render.ts';
import { describeCorpus } from './corpus.ts';
import { asRecorded, liveCases, sorted, withoutKro } from './live.ts';

const json = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describeCorpus('what kro 0.9.4 did', () => {
  it.each(liveCases().map((live) => [live.name, live] as const))(
    '%s',
    (_, { definition, instance, given, objects, applied, status: { state, conditions, ...status } }) => {
      const rendering = render([definition], instance, { observed: [...(given ? [given] : []), ...objects] });
      expect(sorted(rendering.objects.map((object) => asRecorded(withoutKro(json(object) as never))))).toEqual(
        sorted(applied),
      );
      const { conditions: authored, ...own } = json(rendering.status);
      expect(own).toEqual(status);
      expect(rendering.state).toBe(state);
      if (authored)
        expect(authored).toEqual(
          (conditions as object[]).map((condition) => ({ ...condition, observedGeneration: undefined })),
        );
    },
  );
});

const definition = `
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: app }
spec:
  schema: { apiVersion: v1, kind: App, spec: { image: string, replicas: integer | default=2, debug: boolean | default=false }, status: { ready: '\${web.status.readyReplicas}' } }
  resources:
    - id: web
      readyWhen: ['\${web.status.readyReplicas == web.spec.replicas}']
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata: { name: '\${schema.metadata.name}' }
        spec: { replicas: '\${schema.spec.replicas}', selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: web, image: '\${schema.spec.image}' }] } } }
    - id: config
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: '\${web.metadata.name}-config' } }
    - id: shell
      includeWhen: ['\${schema.spec.debug}']
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: shell } }
`;
const instance = { apiVersion: 'kro.run/v1', kind: 'App', metadata: { name: 'shop' }, spec: { image: 'nginx' } };

describe('render', () => {
  it('makes what can be made, and says what the rest waits for', () => {
    const { objects, pending, skipped, state, status } = render([definition], instance);
    expect(objects).toMatchObject([
      { kind: 'Deployment', metadata: { name: 'shop', namespace: 'default' }, spec: { replicas: 2 } },
    ]);
    expect(pending).toEqual([
      { id: 'config', reason: expect.stringContaining('waits for web') },
      { id: 'web', reason: expect.stringContaining('readyWhen') },
    ]);
    expect({ skipped, state, status }).toEqual({ skipped: ['shell'], state: 'IN_PROGRESS', status: {} });
  });

  it('goes on with what exists', () => {
    const [web] = render([definition], instance).objects;
    const { objects, pending, state, status } = render([definition], instance, {
      observed: [{ ...web, status: { readyReplicas: 2 } }],
    });
    expect(objects.map(({ metadata }) => metadata.name)).toEqual(['shop', 'shop-config']);
    expect({ pending, state, status }).toEqual({ pending: [], state: 'ACTIVE', status: { ready: 2 } });
  });

  it('refuses values that the API server would not take', () => {
    expect(() => render([definition], { ...instance, spec: { image: 7 } })).toThrow(
      /App shop spec image: must be of type string/,
    );
    expect(() => render([definition], { ...instance, spec: { image: 'a', replica: 1 } })).toThrow(
      /replica: is not a field/,
    );
    expect(() => render([definition], { ...instance, kind: 'Apps' })).toThrow(/kro\.run\/v1 Apps is the kind of none/);
  });
});
