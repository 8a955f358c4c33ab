import { describe, expect, expectTypeOf, test } from 'vitest';
import type { Expr, ListExpr, StringExpr } from '../../src/expr/expression.ts';
import { schemaReference } from '../../src/graph/schema-reference.ts';
import { external } from '../../src/k8s/external.ts';
import { type Kind, kind } from '../../src/k8s/kind.ts';
import { apps, core } from '../../src/k8s/kinds.generated.ts';
import { draftOf, objectOf } from './draft-of.ts';

interface Certificate {
  spec: { secretName: string; dnsNames: string[] };
  status: { notAfter: string };
}

const { spec } = schemaReference<{ domain: string }>();
const definition = { apiVersion: 'cert-manager.io/v1', kind: 'Certificate' };
const certificate = kind<Certificate>(definition);
const body = { metadata: { name: 'web' }, spec: { secretName: 'web-tls', dnsNames: [spec.domain] } };

describe('kind', () => {
  test('makes objects of its kind', () => {
    expect(objectOf(certificate(body))).toEqual({
      ...definition,
      metadata: { name: 'web' },
      spec: { secretName: 'web-tls', dnsNames: ['${schema.spec.domain}'] },
    });
  });

  test('carries its name as data', () => {
    expect({ ...apps.v1.Deployment }).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment', namespaced: true });
    expect({ ...certificate }).toEqual({ ...definition, namespaced: undefined });
  });

  test('keeps the options', () => {
    const options = { keep: true, readyWhen: () => true };
    expect(draftOf(certificate(body, options)).options).toBe(options);
  });

  test('remembers where its resource was written', () => {
    expect(draftOf(certificate(body)).source()).toContain('kind.test.ts');
  });

  test('has metadata where the type does not describe it', () => {
    expectTypeOf(certificate(body).metadata.name).toEqualTypeOf<StringExpr>();
    expectTypeOf(certificate(body).status.notAfter).toEqualTypeOf<StringExpr>();
  });

  test.each([
    ['status', { ...body, status: {} }, 'Certificate status: is not part of a body. The cluster writes it: remove it.'],
    [
      'apiVersion',
      { ...body, ...definition },
      'Certificate apiVersion: is not part of a body. The factory sets it: remove it.',
    ],
    [
      'an expression',
      spec,
      'Certificate: takes an object as its body. Write the object with its metadata; its fields take expressions.',
    ],
    [
      'nothing',
      undefined,
      'Certificate: takes an object as its body. Write the object with its metadata; its fields take expressions.',
    ],
  ])('refuses %s as a body', (_title, wrong, message) => {
    expect(() => certificate(wrong as never)).toThrow(message);
  });
});

describe('the schema of a kind', () => {
  const schema = {
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        properties: {
          replicas: { type: 'integer' },
          ports: { type: 'array', items: { 'x-kubernetes-int-or-string': true } },
        },
      },
      status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    },
  };
  const typeOf = (...path: string[]): unknown => {
    let type = draftOf(kind({ ...definition, schema })({ metadata: { name: 'web' } })).type?.('__type_web');
    for (const field of path) type = type?.kind === 'struct' ? type.field(field) : undefined;
    return type;
  };

  test.each([
    [['spec', 'replicas'], { kind: 'int' }],
    [['spec', 'ports'], { kind: 'list', element: { kind: 'dyn' } }],
    [['spec', 'replica'], undefined],
    [['kind'], { kind: 'string' }],
    [['metadata', 'name'], { kind: 'string' }],
    [['metadata', 'labels'], { kind: 'map', key: { kind: 'string' }, value: { kind: 'string' } }],
    [['status'], expect.objectContaining({ kind: 'struct', open: true, name: '__type_web.status' })],
  ])('gives the type of %j', (path, type) => {
    expect(typeOf(...path)).toEqual(type);
  });

  test('is optional', () => {
    expect(draftOf(certificate(body)).type).toBeUndefined();
  });
});

describe('external', () => {
  test('one object by its name', () => {
    const found = external(core.v1.Service, { name: spec.domain, namespace: 'data' });
    expectTypeOf(found.spec.clusterIP).toEqualTypeOf<StringExpr>();
    expect(draftOf(found)).toMatchObject({ apiVersion: 'v1', kind: 'Service', namespaced: true, external: 'name' });
    expect(objectOf(found)).toMatchObject({ metadata: { name: '${schema.spec.domain}', namespace: 'data' } });
  });

  test('objects by their labels', () => {
    const found = external(certificate, { selector: { matchLabels: { app: spec.domain } } });
    expectTypeOf(found).toExtend<ListExpr<Certificate & { metadata: unknown }>>();
    expect(draftOf(found)).toMatchObject({ ...definition, external: 'selector' });
    expect(objectOf(found)).toMatchObject({
      metadata: { selector: { matchLabels: { app: '${schema.spec.domain}' } } },
    });
  });

  test.each([{}, { name: 'a', selector: {} }])('refuses %j', (target) => {
    expect(() => external(core.v1.Service, target as never)).toThrow(
      'Service external: takes either a name or a selector. A name reads one object, a selector all objects with some labels.',
    );
  });

  test('keeps the type of a custom kind', () => {
    const typed = kind<Certificate>({ ...definition, schema: { type: 'object', properties: {} } });
    expect(draftOf(external(typed, { name: 'web' })).type?.('x')).toMatchObject({ kind: 'struct', name: 'x' });
  });
});

test('quantities and ports take text and numbers', () => {
  type Limits = NonNullable<NonNullable<Parameters<Kind<{ limits?: Record<string, string | number> }>>[0]['limits']>>;
  expectTypeOf<{ cpu: number; memory: string; storage: Expr<string> }>().toExtend<Limits>();
  core.v1.Service({
    metadata: { name: 'web' },
    spec: {
      ports: [
        { port: 80, targetPort: 'http' },
        { port: 81, targetPort: 81 },
      ],
    },
  });
});

test('lists, records and objects take expressions as a whole', () => {
  const { spec: whole } = schemaReference<{
    command: string[];
    labels: Record<string, string>;
    probe: { httpGet: { path: string; port: number } };
    ports: { containerPort: number }[];
  }>();
  const { command, labels, probe, ports } = whole;
  const containers = [{ name: 'web', image: 'web:1', command, ports, livenessProbe: probe }];
  const pod = core.v1.Pod({ metadata: { name: 'web', labels }, spec: { containers } });
  core.v1.Pod({ metadata: { name: 'copy' }, spec: pod.spec });
});
