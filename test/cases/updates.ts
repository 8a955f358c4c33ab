import { type } from 'arktype';
import { toResourceGraph, type Graph } from '../../src/graph/graph.ts';
import { core } from '../../src/k8s/index.ts';

const texts = type('string <= 10').array().atMostLength(5);

/** A graph with rules about updates of every kind of field. */
export function updateGraph(name: string): Graph {
  return toResourceGraph(
    {
      name,
      apiVersion: 'updates.example.com/v1',
      kind: name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase()),
      spec: type({
        text: 'string <= 20',
        size: 'number.integer',
        'note?': 'string <= 20',
        'late?': 'string <= 20',
        color: "string <= 20 = 'blue'",
        place: { zone: 'string <= 20', rack: 'number.integer' },
        users: type({ name: 'string <= 10', id: 'number.integer' }).array().atMostLength(5),
        ports: type({ port: 'number.integer', protocol: 'string <= 10', host: 'string <= 10' }).array().atMostLength(5),
        roles: texts,
        words: texts,
        password: 'string <= 20',
      }),
      fields: {
        text: { immutable: true },
        size: { validations: ['self >= oldSelf', 'self < 1000'] },
        note: { immutable: true },
        late: { immutable: true },
        color: { immutable: true },
        place: { validations: 'self.zone == oldSelf.zone || self.rack > oldSelf.rack' },
        users: { listType: 'map', listMapKeys: ['name'] },
        'users[].id': { immutable: true },
        ports: { listType: 'map', listMapKeys: ['port', 'protocol'] },
        'ports[].host': { immutable: true },
        roles: { listType: 'set', immutable: true },
        words: { immutable: true },
        password: { immutable: true },
      },
    },
    ({ spec }) => ({
      config: core.v1.ConfigMap({ metadata: { name: 'config' }, data: { text: spec.text } }),
      login: core.v1.Secret({ metadata: { name: 'login' }, stringData: { password: spec.password } }),
    }),
  ) as never;
}

export const valuesBefore = {
  text: 'a',
  size: 10,
  note: 'kept',
  place: { zone: 'west', rack: 3 },
  users: [
    { name: 'ann', id: 1 },
    { name: 'bob', id: 2 },
  ],
  ports: [{ port: 53, protocol: 'udp', host: 'one' }],
  roles: ['read', 'write'],
  words: ['one', 'two'],
  password: 'correct-horse',
};

/** What changes, and the fields whose rules an API server says are broken by it. */
export const updateCases: readonly (readonly [name: string, change: object, refused: readonly string[]])[] = [
  ['nothing', {}, []],
  ['an immutable text', { text: 'b' }, ['spec.text']],
  ['a number that may only grow, grown', { size: 11 }, []],
  ['a number that may only grow, shrunk', { size: 9 }, ['spec.size']],
  ['an immutable field that was not there', { late: 'here' }, []],
  ['an immutable field that goes', { note: undefined }, []],
  ['a default that is said now', { color: 'blue' }, []],
  ['a default that is another one now', { color: 'red' }, ['spec.color']],
  ['fields together, as allowed', { place: { zone: 'east', rack: 4 } }, []],
  ['fields together, as refused', { place: { zone: 'east', rack: 3 } }, ['spec.place']],
  ['the order of items with keys', { users: valuesBefore.users.toReversed() }, []],
  [
    'an item with a key',
    {
      users: [
        { name: 'bob', id: 3 },
        { name: 'ann', id: 1 },
      ],
    },
    ['spec.users[0].id'],
  ],
  ['an item of another key', { users: [{ name: 'eve', id: 3 }] }, []],
  ['an item of two keys', { ports: [{ port: 53, protocol: 'udp', host: 'two' }] }, ['spec.ports[0].host']],
  ['an item with another one of two keys', { ports: [{ port: 53, protocol: 'tcp', host: 'two' }] }, []],
  ['the order of a set', { roles: ['write', 'read'] }, []],
  ['the order of a list', { words: ['two', 'one'] }, ['spec.words']],
  ['two fields', { text: 'b', size: 9 }, ['spec.text', 'spec.size']],
  ['what a Secret is made of', { password: 'battery-staple' }, ['spec.password']],
];
