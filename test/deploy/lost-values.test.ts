import { describe, expect, it } from 'vitest';
import { pathOf } from '../../src/deploy/field-steps.ts';
import { lostValues } from '../../src/deploy/lost-values.ts';

const widget = (spec: unknown, kind = 'Widget', key = 'spec'): never =>
  ({ apiVersion: 'v1', kind, metadata: { name: 'a' }, [key]: spec }) as never;

describe('lostValues', () => {
  const cases: readonly (readonly [wanted: unknown, found: unknown, lost: readonly string[]])[] = [
    [{ cpu: '1000m' }, { cpu: '1' }, []],
    [{ cpu: 1 }, { cpu: '1' }, []],
    [{ memory: '1024Mi' }, { memory: '1Gi' }, []],
    [{ size: '1.5k' }, { size: '1500' }, []],
    [{ cpu: '1000m' }, { cpu: '2' }, ['spec.cpu']],
    [{ wait: '60m' }, { wait: '1h0m0s' }, ['spec.wait?']],
    [{ image: 'nginx:1' }, { image: 'nginx:2' }, ['spec.image']],
    [{ on: false, count: 0, text: '' }, {}, []],
    [{ on: true }, {}, ['spec.on']],
    [{ empty: {}, none: [], nothing: null }, {}, []],
    [{ ports: [{ port: 80 }] }, { ports: [{ port: 80, protocol: 'TCP' }] }, []],
    [{ list: [{ name: 'a', image: '1' }] }, { list: [{ name: 'b' }, { name: 'a', image: '1' }] }, []],
    [{ list: [{ name: 'a', image: 'x' }] }, { list: [{ name: 'a', image: 'y' }] }, ['spec.list[name="a"].image']],
    [{ list: [{ name: 'a' }] }, { list: [] }, ['spec.list[name="a"]']],
    [{ rules: [{ verbs: ['get'] }] }, { rules: [{ verbs: ['get'], more: 1 }] }, []],
    [{ rules: [{ verbs: ['get'] }] }, { rules: [{ verbs: ['list'] }] }, ['spec.rules']],
    [
      { ports: [{ port: 53 }, { port: 53, protocol: 'UDP', to: 5 }] },
      {
        ports: [
          { port: 53, protocol: 'TCP' },
          { port: 53, protocol: 'UDP', to: 6 },
        ],
      },
      ['spec.ports[port=53,protocol="UDP"].to'],
    ],
    [{ args: ['a'] }, { args: ['a', 'b'] }, ['spec.args']],
  ];
  for (const [wanted, found, lost] of cases)
    it(`${JSON.stringify(wanted)} in ${JSON.stringify(found)}`, () => {
      const values = [...lostValues(widget(wanted), widget(found))];
      expect(values.map(({ steps, isCertain }) => `${pathOf(steps)}${isCertain ? '' : '?'}`)).toEqual(lost);
    });

  it('takes what a ConfigMap holds by the letter', () => {
    const [wanted, found] = [{ a: '1000m', b: '' }, { a: '1' }].map((data) => widget(data, 'ConfigMap', 'data')) as [
      never,
      never,
    ];
    expect([...lostValues(wanted, found)].map(({ steps }) => pathOf(steps))).toEqual(['data.a', 'data.b']);
  });
});
