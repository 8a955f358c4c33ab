/** What Kubernetes says to a name, in its words; nothing to a good one. Lengths are those of UTF-8. */
type NameCheck = (name: string) => string[];

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;
const dns1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const key = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const value = `(${key})?`;

const bytes = (text: string): number => Buffer.byteLength(text);
const matches = (pattern: string, text: string): boolean => new RegExp(`^${pattern}$`).test(text);
const described = (words: string, pattern: string, examples: string): string =>
  `${words} (e.g. ${examples}, regex used for validation is '${pattern}')`;

export const subdomainProblems: NameCheck = (name) => [
  ...(bytes(name) > 253 ? ['must be no more than 253 characters'] : []),
  ...(matches(subdomain, name)
    ? []
    : [
        described(
          "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
          subdomain,
          "'example.com'",
        ),
      ]),
];

export const dns1123LabelProblems: NameCheck = (name) => {
  const problems = bytes(name) > 63 ? ['must be no more than 63 characters'] : [];
  if (matches(label, name)) return problems;
  const words =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
  return [
    ...problems,
    matches(subdomain, name) ? 'must not contain dots' : described(words, label, "'my-name',  or '123-abc'"),
  ];
};

export const dns1035LabelProblems: NameCheck = (name) => [
  ...(bytes(name) > 63 ? ['must be no more than 63 characters'] : []),
  ...(matches(dns1035, name)
    ? []
    : [
        described(
          "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
          dns1035,
          "'my-name',  or 'abc-123'",
        ),
      ]),
];

const keyWords =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const keyExamples = "'MyName',  or 'my.name',  or '123-abc'";

/** Of labels and annotations. */
export const labelKeyProblems: NameCheck = (text) => {
  const parts = text.split('/');
  const name = parts.at(-1) as string;
  if (parts.length > 2)
    return [
      `a valid label key ${described(keyWords, key, keyExamples)} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  return [...(parts.length === 2 ? prefixProblems(parts[0] as string) : []), ...keyNameProblems(name)];
};

function prefixProblems(prefix: string): string[] {
  if (prefix === '') return ['prefix part must be non-empty'];
  return subdomainProblems(prefix).map((problem) => `prefix part ${problem.replace(/characters$/, 'bytes')}`);
}

function keyNameProblems(name: string): string[] {
  const problems: string[] = [];
  if (name === '') problems.push('name part must be non-empty');
  else if (bytes(name) > 63) problems.push('name part must be no more than 63 bytes');
  if (!matches(key, name)) problems.push(`name part ${described(keyWords, key, keyExamples)}`);
  return problems;
}

export const labelValueProblems: NameCheck = (text) => [
  ...(bytes(text) > 63 ? ['must be no more than 63 bytes'] : []),
  ...(matches(value, text)
    ? []
    : [
        described(
          "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
          value,
          "'MyValue',  or 'my_value',  or '12345'",
        ),
      ]),
];
