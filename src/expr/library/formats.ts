import { CelObject, CelOptional, none } from '../cel-values.ts';
import { noSuchOverload } from '../failure.ts';
import type { CelType } from '../types.ts';
import {
  dns1035LabelProblems,
  dns1123LabelProblems,
  labelKeyProblems,
  labelValueProblems,
  subdomainProblems,
} from './names.ts';
import type { Library } from './overload.ts';
import { isRequestUrl } from './url.ts';

const formatType: CelType = { kind: 'opaque', name: 'kubernetes.NamedFormat' };

class NamedFormat extends CelObject {
  readonly name: string;
  readonly problems: (text: string) => readonly string[];

  constructor(name: string, problems: (text: string) => readonly string[]) {
    super();
    this.name = name;
    this.problems = problems;
  }

  get celType(): CelType {
    return formatType;
  }

  override equals(other: unknown): boolean {
    if (!(other instanceof NamedFormat)) throw noSuchOverload();
    return this.name === other.name;
  }
}

type Check = (text: string) => readonly string[];

/** The beginning of a name: something comes behind its last dash. */
const asPrefix =
  (check: Check): Check =>
  (text) =>
    check(text.length > 1 && text.endsWith('-') ? `${text.slice(0, -2)}a` : text);

const told =
  (isGood: (text: string) => boolean, problem: string): Check =>
  (text) =>
    isGood(text) ? [] : [problem];

function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const time = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text);
}

function isDateTime(text: string): boolean {
  const [date = '', time = ''] = text.toLowerCase().split('t');
  return isDate(date) && /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(.\d+)?(z|[+-]\d\d:\d\d)$/.test(time);
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/;
const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

const checks: Readonly<Record<string, Check>> = {
  dns1123Label: dns1123LabelProblems,
  dns1123Subdomain: subdomainProblems,
  dns1035Label: dns1035LabelProblems,
  qualifiedName: labelKeyProblems,
  dns1123LabelPrefix: asPrefix(dns1123LabelProblems),
  dns1123SubdomainPrefix: asPrefix(subdomainProblems),
  dns1035LabelPrefix: asPrefix(dns1035LabelProblems),
  labelValue: labelValueProblems,
  uri: (text) => (isRequestUrl(text) ? [] : [`parse ${JSON.stringify(text)}: invalid URI for request`]),
  uuid: told((text) => uuid.test(text), 'does not match the UUID format'),
  byte: told((text) => base64.test(text), 'invalid base64'),
  date: told(isDate, 'invalid date'),
  datetime: told(isDateTime, 'invalid datetime'),
};

const formats = new Map(Object.entries(checks).map(([name, check]) => [name, new NamedFormat(name, check)]));

/** Kubernetes' named formats. */
export const formatLibrary: Library = {
  ...Object.fromEntries(
    [...formats].map(([name, format]) => [`format.${name}`, { '(): kubernetes.NamedFormat': () => format }]),
  ),
  'format.named': {
    '(string): optional(kubernetes.NamedFormat)': (name: string) => {
      const format = formats.get(name);
      return format ? new CelOptional(format) : none;
    },
  },
  validate: {
    'kubernetes.NamedFormat.(string): optional(list(string))': (format: NamedFormat, text: string) => {
      const problems = format.problems(text);
      return problems.length > 0 ? new CelOptional(problems) : none;
    },
  },
};
