// biome-ignore-all format: lists of texts are read by their contents

const any = ['', 'a', 'b', 'abc', 'aba', 'hello world', ' trim\t', 'ÄÖ', '😀a', 'é', '1', '-7', '3.5', 'true', 'a,b,c', 'A-Z', 'x\ny', '\u0000', '\u2028', '__proto__', 'constructor', '%', '"q"', "it's", '\\'];
const regex = ['', 'a', '^a', 'b$', '[a-c]+', '(a)(b)?', '\\d+', 'a|b', '.', 'a*', '(?i)A', '[', '(?<=a)b', '\\pL', 'a{2,1}', '(?P<n>a)', '\\Q.\\E', '\\bx', '^$', 'x*', '(?s).', '\\C', '[[:alpha:]]+', '(a', 'a**', '\\1'];
const timestamp = ['2024-05-01T10:00:00Z', '1970-01-01T00:00:00Z', '2024-02-29T23:59:59.999999999Z', '0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z', '2024-05-01T10:00:00+02:00', '2024-05-01T10:00:00.5-11:30', '2024-02-30T00:00:00Z', '2024-05-01', '2024-05-01t10:00:00z', '2024-05-01 10:00:00Z', '2024-05-01T24:00:00Z', '2024-05-01T10:00:60Z', 'abc', ''];
const duration = ['1s', '90m', '-1h', '0s', '0', '1.5s', '1h2m3s4ms5us6ns', '1d', '', '100', '.5s', '1.s', '+1s', '-.5m', '9223372036s', '292y', '1µs', '2562047h47m16.854775807s', '2562047h47m16.854775808s'];
const zones = ['UTC', '', 'America/New_York', 'Europe/Berlin', '+02:00', '-05:30', '02:00', '+24:00', '+1:5', 'Local', 'EST', 'nowhere', '+02', '-00:30', '12:60', 'Asia/Kolkata'];
const quantity = ['1', '0', '1.5', '100m', '128Mi', '1Gi', '1e3', '1E', '-5', '+3k', '1.0', '0.1', '1n', '0.0000000001', '12345678901234567890', '1Ki', '1.5Ki', '1ki', 'abc', '', '1 ', '5.', '.5', '-0', '00', '0.0', '1e', '10E2', '9999999999999999999E', '1Ei', '8Ei', '1000m', '.', '1..2', '-', '1M', '1e-10', '50k'];
const semver = ['1.0.0', '0.1.0-alpha.1', '1.2.3+build', '1.0.0-rc.1+x', '1.0', 'v1.0.0', '01.0.0', '1.0.0-01', '', 'abc', '1.0.0-', '10.20.30', '1.0.0-alpha', '1.0.0-alpha.beta', '1.0.0-beta.11', '18446744073709551615.0.0', '18446744073709551616.0.0', '1.0.0+', '1.0.0-a..b'];
const url = ['https://example.com', 'https://example.com:80/path?k=v&k=w#frag', '/absolute', 'https://user:pw@h.io/a%20b?x=1+2', 'https://[::1]:80/', '../rel', '', 'https://a:b:c/', 'mailto:a@b.c', '*', 'http://h/ä ö', 'HTTP://X/', 'https://h?', 'https://h/%zz', '//host/p', 'http://h:/x', 'a:b', '1http://x', 'http://[::1', '/p?a;b=1', 'http://h/a/../b', ':x', 'http://exa mple/', 'https://h/p?a=%zz&b=1'];
const ip = ['127.0.0.1', '10.0.0.1', '::1', '2001:db8::1', '::', '0.0.0.0', '255.255.255.255', '224.0.0.1', '169.254.1.1', 'fe80::1', 'ff02::1', '::ffff:1.2.3.4', '1.2.3', '01.2.3.4', '256.1.1.1', 'fe80::1%eth0', 'abc', '', '2001:DB8::1', '1::2::3', '2001:db8:0:0:0:0:0:1', '::1.2.3.4', '1:2:3:4:5:6:7:8:9', '1.2.3.4.5'];
const cidr = ['10.0.0.0/8', '192.168.1.1/24', '::1/128', '2001:db8::/32', '10.0.0.0/33', '10.0.0.0', '10.0.0.0/08', '0.0.0.0/0', '::/0', 'abc/1', '', '::ffff:1.2.3.4/96', '10.0.0.0/-1', '10.0.0.0/+8', '10.1.2.3/32'];
const json = ['{}', '[]', '1', '1.5', '"a"', 'null', 'true', '{"a":1,"b":[1,2]}', '{', '', '{"a":1,"a":2}', '1e400', '[1,"x",null]', ' 1 ', '01', "{'a':1}", '{"__proto__":1}', '1e2', '"\\ud800"', '12345678901234567890'];
const base64 = ['', 'YQ==', 'YQ', 'aGVsbG8=', '!!!!', 'YWI', 'Y', 'YQ=', 'YQ==\n', 'Y Q==', '_-8=', 'YR=='];
const format = ['%s', '%d', '%.2f', '%e', '%b', '%x', '%X', '%o', '%%', 'a%sb%s', '%', '%z', '%.', '%.3e', '%.101f', '%.0f', 'plain', '%s %d', '%5d', '%.f', 'é%s', '%.1e'];
const numbers = ['0', '1', '-1', '+5', ' 1', '1 ', '', 'abc', '1.5', '1e3', '0x10', '9223372036854775807', '9223372036854775808', '-9223372036854775808', 'NaN', 'Inf', '-infinity', '1_000', '.5', '5.', '1e400', '18446744073709551615', '0x1p4', '1e-400', '+.5e1', '00', '1__0', '_1', 'nan', '+NaN', 'infinit'];
const bools = ['true', 'false', 'True', 'TRUE', 't', 'F', '1', '0', 'yes', '', 'tRUE'];

/** Texts of all kinds, and which of them mean something to an argument of a function (the receiver is the first). */
export const texts = {
  any, timestamp, quantity, semver, url, ip, cidr,
  forFunction: {
    matches: [any, regex], find: [any, regex], findAll: [any, regex], timestamp: [timestamp], duration: [duration],
    quantity: [quantity], isQuantity: [quantity], semver: [semver], isSemver: [semver], url: [url], isURL: [url],
    ip: [ip], isIP: [ip], 'ip.isCanonical': [ip], cidr: [cidr], isCIDR: [cidr],
    containsIP: [undefined, ip], containsCIDR: [undefined, cidr],
    'json.unmarshal': [json], 'base64.decode': [base64], format: [format], int: [numbers], uint: [numbers], double: [numbers], bool: [bools],
    getFullYear: [undefined, zones], getMonth: [undefined, zones], getDate: [undefined, zones], getDayOfMonth: [undefined, zones],
    getDayOfWeek: [undefined, zones], getDayOfYear: [undefined, zones], getHours: [undefined, zones], getMinutes: [undefined, zones],
    getSeconds: [undefined, zones], getMilliseconds: [undefined, zones],
    split: [any, ['', ',', 'a', 'ab']], replace: [any, ['', 'a', 'ab', 'Ä'], any], indexOf: [any, ['', 'a', 'b', '😀', 'ba']], lastIndexOf: [any, ['', 'a', 'b', '😀']],
  },
};

/** Literals of each type as CEL writes them. */
export const literals: Readonly<Record<string, readonly string[]>> = {
  int: ['0', '1', '2', '-1', '3', '7', '42', '-5', '9223372036854775807', '-9223372036854775808', '4611686018427387904', '9007199254740993', '0x1F', '100', '64'],
  uint: ['0u', '1u', '2u', '18446744073709551615u', '9223372036854775808u', '7u'],
  double: ['0.0', '1.0', '-1.5', '2.5', '1e20', '1e-7', '0.1', '3.0', '1e308', '-0.0', '123456789.0', '1e6', '0.5', '9223372036854775807.0', '1e21', '(0.0 / 0.0)', '(1.0 / 0.0)'],
  string: any.map((text) => JSON.stringify(text)),
  bytes: ['b""', 'b"a"', 'b"\\xff"', 'b"abc"', 'b"\\xc3\\xa9"'],
  bool: ['true', 'false'],
  timestamp: timestamp.slice(0, 7).map((text) => `timestamp("${text}")`),
  duration: duration.slice(0, 7).map((text) => `duration("${text}")`),
  null: ['null'],
};
