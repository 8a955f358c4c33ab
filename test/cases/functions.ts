import { type } from 'arktype';
import { Cel } from '../../src/expr/cel.ts';
import { toResourceGraph } from '../../src/graph/graph.ts';
import { apps, core } from '../../src/k8s/index.ts';
import { api, configMap, entry, type GraphCase } from './graph-case.ts';

/** CEL text by name; `spec` stands for `schema.spec`. */
const texts: Readonly<Record<string, string>> = {
  quantity: 'string(quantity(spec.memory).add(quantity("1Gi")).isGreaterThan(quantity("2Gi")))',
  quantityInt: 'string(quantity(spec.memory).asInteger())',
  ip: 'string(ip("10.0.0.1").family()) + string(cidr("10.0.0.0/8").containsIP("10.1.2.3"))',
  url: 'url(spec.url).getHostname() + "|" + url(spec.url).getPort() + "|" + url(spec.url).getEscapedPath()',
  semver: 'string(semver(spec.version).isGreaterThan(semver("1.2.3"))) + string(semver(spec.version).major())',
  seeded: 'random.seededString(10, spec.url)',
  seededInt: 'string(random.seededInt(0, 1000, spec.version))',
  fnv: 'base64.encode(hash.fnv64a(spec.url))',
  md5: 'base64.encode(hash.md5(spec.url))',
  json: 'json.marshal({"b": 1, "a": [true, 1.5, "x"]})',
  unmarshal: 'string(json.unmarshal("{\\"a\\": {\\"b\\": 7}}").a.b)',
  merge: '{"a": "1", "b": "2"}.merge({"b": "3"}).map(k, k).sort().join(",")',
  sorted: 'spec.words.sort().join(",") + spec.words.distinct().reverse().join(",")',
  nested: '[[1, 2], [3]].flatten().map(n, string(n)).join("")',
  sums: 'string([1, 2, 3].sum()) + string([4, 2].min()) + string([4, 2].max())',
  range: 'lists.range(4).map(n, string(n)).join("")',
  find: 'spec.url.find("[0-9]+") + spec.url.findAll("[a-z]+").join(",")',
  format: '"%s-%d-%.2f-%x".format([spec.version, 7, 1.5, 255])',
  split: '"a,b,,c".split(",").filter(s, s != "").join("-") + "abc".charAt(1) + string("aXbX".lastIndexOf("X"))',
  time: 'string(timestamp("2026-01-02T03:04:05Z") + duration("90m")) + string(timestamp("2026-01-02T03:04:05Z").getDayOfWeek())',
  duration: 'string(duration("1h30m").getMinutes())',
  optional: 'optional.none().or(optional.of("x")).orValue("y") + [1, 2].first().optMap(n, string(n)).orValue("none")',
  bind: 'cel.bind(x, spec.words[0], x + x)',
  pairs: '["a", "b"].transformList(i, v, string(i) + v).join(",")',
  entries: 'string({"a": 1, "b": 2}.transformMap(k, v, v * 10).b)',
  unicode: 'string("größe".size()) + "ÀÉ".lowerAscii() + "straße".upperAscii()',
  division: 'string(-7 / 2) + string(-7 % 3) + string(7.0 / 2.0)',
  types: 'string(type(1) == int) + string(int("42") + int(3.9)) + string(double("1.5")) + string(uint(3))',
  tail: '"a.b.c".substring(2) + "xyz".reverse() + strings.quote("a\\"b")',
  exists: 'string(spec.words.exists_one(w, w == "pear")) + string(spec.words.all(w, w.matches("^[a-z]+$")))',
};

const usable = Object.entries(texts).map(([key, text]): [string, string] => [
  key,
  text.replaceAll('spec.', 'schema.spec.'),
]);

const functions = toResourceGraph(
  {
    ...api('FunctionLibrary'),
    spec: type({ memory: 'string', url: 'string', version: 'string', words: 'string[]' }),
    status: type('object'),
  },
  () => ({
    results: core.v1.ConfigMap({
      metadata: { name: 'results' },
      data: Object.fromEntries(usable.map(([key, text]) => [key, Cel.expr<string>(text)])),
    }),
  }),
);

const serverDefaults = toResourceGraph(
  {
    ...api('ServerDefaults'),
    spec: type({ replicas: 'number.integer' }),
    status: type({ ready: 'boolean', replicas: 'number.integer', 'protocol?': 'string' }),
  },
  ({ spec }) => {
    const web = apps.v1.Deployment(
      {
        metadata: { name: 'web' },
        spec: {
          replicas: spec.replicas,
          selector: { matchLabels: { app: 'web' } },
          template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'nginx' }] } },
        },
      },
      { readyWhen: (self) => self.status.availableReplicas.orElse(0).eq(self.spec.replicas) },
    );
    const service = core.v1.Service({
      metadata: { name: 'web' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
    });
    const after = core.v1.ConfigMap({
      metadata: { name: 'after' },
      data: {
        protocol: Cel.expr<string>`${service.spec.ports}[0].protocol`,
        strategy: web.spec.strategy.type,
        ready: web.status.readyReplicas.orElse(0).toText(),
      },
    });
    return { web, service, after };
  },
  (_schema, { web, after }) => ({
    ready: web.status.readyReplicas.orElse(0).eq(web.spec.replicas),
    replicas: web.status.readyReplicas.orElse(0),
    protocol: entry(after, 'protocol'),
  }),
);

export const functionCases: readonly GraphCase[] = [
  {
    name: 'computes with every library of functions',
    graph: functions,
    values: {
      memory: '1536Mi',
      url: 'https://shop.example.com:8443/a%20b?x=1',
      version: '1.10.0',
      words: ['pear', 'apple', 'pear'],
    },
    objects: {
      results: configMap('results', {
        quantity: 'true',
        quantityInt: '1610612736',
        ip: '4true',
        url: 'shop.example.com|8443|/a%20b',
        semver: 'true1',
        seeded: 'xtf0n8p6xt',
        seededInt: '213',
        fnv: 'seKbag7qyng=',
        md5: 'S2S14P5g3z3dY2m5u+qPuw==',
        json: '{"a":[true,1.5,"x"],"b":1}',
        unmarshal: '7',
        merge: 'a,b',
        sorted: 'apple,pear,pearapple,pear',
        nested: '123',
        sums: '624',
        range: '0123',
        find: '8443https,shop,example,com,a,b,x',
        format: '1.10.0-7-1.50-ff',
        split: 'a-b-cb3',
        time: '2026-01-02T04:34:05Z5',
        duration: '90',
        optional: 'x1',
        bind: 'pearpear',
        pairs: '0a,1b',
        entries: '20',
        unicode: '5ÀÉSTRAßE',
        division: '-3-13.5',
        types: 'true451.53',
        tail: 'b.czyx"a\\"b"',
        exists: 'falsetrue',
      }),
    },
  },
  {
    name: 'reads what the server fills in and what controllers say',
    graph: serverDefaults,
    values: { replicas: 2 },
    objects: {
      web: { kind: 'Deployment', metadata: { name: 'web' }, spec: { replicas: 2 } },
      service: { kind: 'Service', metadata: { name: 'web' } },
      after: configMap('after', { protocol: 'TCP', strategy: 'RollingUpdate', ready: '2' }),
    },
    status: { ready: true, replicas: 2, protocol: 'TCP' },
    skip: { resolve: 'needs a server and its controllers' },
  },
];
