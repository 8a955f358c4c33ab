import { expect, test } from 'vitest';
import { environmentProxy } from '../../src/cluster/proxy.ts';

const proxy = 'http://proxy:3128';
const cases: [string, string, Record<string, string>, string | undefined][] = [
  ['none', 'https://api.example.com', {}, undefined],
  ['https', 'https://api.example.com', { HTTPS_PROXY: proxy }, proxy],
  ['in lower case, without scheme', 'https://api.example.com', { https_proxy: 'proxy:3128' }, proxy],
  ['http is for http', 'https://api.example.com', { HTTP_PROXY: proxy }, undefined],
  ['this machine by name', 'https://localhost:6443', { HTTPS_PROXY: proxy }, undefined],
  ['this machine by address', 'https://127.0.0.1:6443', { HTTPS_PROXY: proxy }, undefined],
  ['everything exempt', 'https://api.example.com', { HTTPS_PROXY: proxy, NO_PROXY: '*' }, undefined],
  ['a domain exempt', 'https://api.example.com', { HTTPS_PROXY: proxy, NO_PROXY: 'other, example.com' }, undefined],
  [
    'a dotted domain exempts what is below',
    'https://api.example.com',
    { HTTPS_PROXY: proxy, NO_PROXY: '.example.com' },
    undefined,
  ],
  ['not a name that only ends alike', 'https://badexample.com', { HTTPS_PROXY: proxy, NO_PROXY: 'example.com' }, proxy],
  ['a network exempt', 'https://10.1.2.3:6443', { HTTPS_PROXY: proxy, NO_PROXY: '10.1.0.0/16' }, undefined],
  ['another network', 'https://10.2.2.3:6443', { HTTPS_PROXY: proxy, NO_PROXY: '10.1.0.0/16' }, proxy],
  ['another port', 'https://api.example.com:6443', { HTTPS_PROXY: proxy, NO_PROXY: 'api.example.com:443' }, proxy],
];

test.each(cases)('the proxy of the environment: %s', (_, server, environment, expected) => {
  expect(environmentProxy(server, environment)).toBe(expected);
});
