import { type } from 'arktype';
import { describe, expect, it } from 'vitest';
import { Cel } from '../../src/expr/cel.ts';
import { print } from '../../src/expr/print.ts';
import { Expression } from '../../src/expr/value.ts';
import { toResourceGraph } from '../../src/graph/graph.ts';
import { fromEnv } from '../../src/k8s/secret-sources.ts';
import { defineResource } from '../../src/graph/resource.ts';

const Spec = type({
  environment: '"development" | "production"',
  replicas: 'number',
  image: 'string',
  hosts: 'string[]',
  labels: { '[string]': 'string' },
  'tag?': 'string',
  'dashed-name': 'string',
});
const definition = { name: 'web', apiVersion: 'example.com/v1', kind: 'Web', spec: Spec };

const configMap = (data: unknown, name: unknown = 'config') =>
  defineResource<{ metadata: { name: string }; data: Record<string, string> }>({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    namespaced: true,
    body: { metadata: { name }, data },
  });
const deployment = (spec: unknown, name: unknown = 'web') =>
  defineResource<{ metadata: { name: string }; spec: { replicas: number }; status: { readyReplicas?: number } }>({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    namespaced: true,
    body: { metadata: { name }, spec },
  });

function printed(value: unknown): unknown {
  if (value instanceof Expression) return `\${${print(value.node)}}`;
  if (Array.isArray(value)) return value.map(printed);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, printed(item)]));
  return value;
}

describe('expressions in a graph', () => {
  const cases: Record<string, [(schema: any) => unknown, string]> = {
    'a field': [(s) => s.spec.image, '${schema.spec.image}'],
    'a condition': [
      (s) => s.spec.environment.eq('production').choose('info', 'debug'),
      '${schema.spec.environment == "production" ? "info" : "debug"}',
    ],
    'a default': [(s) => s.spec.tag.orElse('latest'), '${schema.spec.?tag.orValue("latest")}'],
    'whether a field is there': [
      (s) => s.spec.tag.exists().choose('yes', 'no'),
      '${schema.spec.?tag.hasValue() ? "yes" : "no"}',
    ],
    'a text with an integer': [
      (s) => Cel.template`${s.spec.image}:${s.spec.replicas}`,
      '${schema.spec.image + ":" + string(schema.spec.replicas)}',
    ],
    'the length of a list': [(s) => s.spec.hosts.length.toText(), '${string(size(schema.spec.hosts))}'],
    'an item of a list': [(s) => s.spec.hosts[0], '${schema.spec.hosts[0]}'],
    'nested callbacks': [
      (s) => s.spec.hosts.map((a: any) => s.spec.hosts.filter((b: any) => a.eq(b)).join('-')).join(','),
      '${schema.spec.hosts.map(item, schema.spec.hosts.filter(item2, item == item2).join("-")).join(",")}',
    ],
    'precedence of spliced trees': [
      (s) => Cel.expr<boolean>`${s.spec.replicas.gt(1).or(s.spec.replicas.eq(0))} && ${true}`.choose('a', 'b'),
      '${(schema.spec.replicas > 1 || schema.spec.replicas == 0) && true ? "a" : "b"}',
    ],
    'a field with a dash': [(s) => s.spec['dashed-name'], '${schema.spec.dashed__dash__name}'],
    'a field of an item': [(s) => s.spec.hosts.at(0).size().toText(), '${string(size(schema.spec.hosts[0]))}'],
    'a part of a text': [(s) => s.spec.image.split(':')[1], '${schema.spec.image.split(":")[1]}'],
    'a member of a list': [(s) => s.spec.hosts.contains('a').toText(), '${string("a" in schema.spec.hosts)}'],
  };
  for (const [name, [make, expected]] of Object.entries(cases)) {
    it(name, () => {
      const graph = toResourceGraph(definition, (schema) => ({
        config: configMap({ key: make(schema) }),
        web: deployment({ replicas: schema.spec.replicas }),
      }));
      expect(printed((graph.nodes[0]?.template as any)?.data.key)).toBe(expected);
    });
  }

  it('takes an integer where any number goes, and a written-out object as an item', () => {
    const Status = type({ share: 'number' });
    const graph = toResourceGraph(
      { ...definition, status: Status },
      (schema) => ({
        web: deployment({
          template: {
            spec: {
              topologySpreadConstraints: schema.spec.hosts.map((host) => ({
                topologyKey: host,
                whenUnsatisfiable: 'ScheduleAnyway',
              })),
            },
          },
        }),
      }),
      (schema) => ({ share: schema.spec.hosts.size() }),
    );
    expect(printed(graph.status)).toEqual({ share: '${double(size(schema.spec.hosts))}' });
    expect(printed((graph.nodes[0]?.template as any)?.spec.template.spec.topologySpreadConstraints)).toBe(
      '${schema.spec.hosts.map(item, {"topologyKey": dyn(item), "whenUnsatisfiable": "ScheduleAnyway"})}',
    );
  });

  it('makes a number that is used for integers an integer', () => {
    const graph = toResourceGraph(definition, (schema) => ({ web: deployment({ replicas: schema.spec.replicas }) }));
    expect(graph.spec.json.properties?.['replicas']?.type).toBe('integer');
  });

  it('orders nodes by their references', () => {
    const graph = toResourceGraph(definition, () => {
      const config = configMap({});
      return { web: deployment({ template: { metadata: { labels: { config: config.metadata.name } } } }), config };
    });
    expect(graph.order).toEqual(['config', 'web']);
    expect(graph.nodes[0]?.dependencies).toEqual(['config']);
  });
});

describe('refusals', () => {
  const cases: Record<string, [(schema: any) => any, RegExp]> = {
    'a misspelled field in CEL text': [
      () => ({ a: configMap({ x: Cel.expr('schema.spec.imag') }) }),
      /undefined field 'imag'/,
    ],
    'a wrong type': [
      (s) => ({ a: configMap({ x: s.spec.replicas }) }),
      /a data\.x: schema\.spec\.replicas is of type (int|double), and the field is string.*toText/,
    ],
    'a reserved id': [() => ({ status: configMap({}) }), /status is a reserved word of kro/],
    'an id that is no name': [() => ({ 'my-config': configMap({}) }), /myConfig/],
    'the same resource twice': [
      () => {
        const c = configMap({});
        return { a: c, b: c };
      },
      /b: the same resource is also returned as a/,
    ],
    'a resource that is not returned': [
      () => {
        const c = configMap({});
        return { a: configMap({ x: c.metadata.name }, 'other') };
      },
      /refers to ConfigMap config, which the builder did not return/,
    ],
    'a condition of JavaScript': [
      (s) => {
        if (s.spec.environment.eq('production')) return { a: configMap({}) };
        return {};
      },
      /its result was used as a JavaScript condition/,
    ],
    'a reference as text': [
      (s) => ({ a: configMap({ x: `image ${s.spec.image}` }) }),
      /a reference is not its value and cannot be used in text/,
    ],
    'a promise': [() => ({ a: Promise.resolve(1) }), /returned a promise/],
    'a field that does not exist': [() => ({ a: deployment({ replica: 1 }) }), /a spec\.replica: .*replicas/],
    'a literal of another type': [
      () => ({ a: deployment({ replicas: '1' }) }),
      /a spec\.replicas: must be an integer \(was a string\)/,
    ],
    'a secret outside of a Secret': [
      () => ({ a: configMap({ password: fromEnv('PASSWORD') }) }),
      /a data\.password: fromEnv\("PASSWORD"\) would be readable in a ConfigMap/,
    ],
    'a cycle': [
      () => {
        const a: any = configMap({
          get x() {
            return b.metadata.name;
          },
        });
        const b: any = configMap(
          {
            get x() {
              return a.metadata.name;
            },
          },
          'b',
        );
        return { a, b };
      },
      /a -> b -> a|b -> a -> b/,
    ],
  };
  for (const [name, [make, message]] of Object.entries(cases)) {
    it(name, () => {
      expect(() => toResourceGraph(definition, make)).toThrow(message);
    });
  }
});
