/** How a result is written: text for people, one JSON document, or a line of JSON for everything that happens. */
export const outputFormats = ['text', 'json', 'jsonl'] as const;

export type OutputFormat = (typeof outputFormats)[number];

/** The format that is asked for; known before the command line is read, as reading it may fail. */
export function wantedOutput(argv: readonly string[]): OutputFormat {
  const end = argv.indexOf('--');
  const own = end < 0 ? argv : argv.slice(0, end);
  const wanted = own.map((argument, index) => {
    const long = /^(?:--output=|-o(?=.))(.*)$/.exec(argument);
    return long ? long[1] : argument === '--output' || argument === '-o' ? own[index + 1] : undefined;
  });
  return outputFormats.find((format) => format !== 'text' && wanted.includes(format)) ?? 'text';
}

/** One event as a line. */
export function eventLine(event: object): string {
  const { type, ...fields } = event as { readonly type?: unknown };
  return `${JSON.stringify({ type, at: new Date().toISOString(), ...fields })}\n`;
}

/** The result as it is printed. */
export function resultText(document: object, output: 'json' | 'jsonl', type: 'result' | 'error'): string {
  return output === 'json' ? JSON.stringify(document, null, 2) : eventLine({ type, ...document });
}
