/** What a person sees: the text that a program wrote to a terminal, as the terminal shows it. */
export class Screen {
  readonly #lines: string[][] = [[]];
  #row = 0;
  #column = 0;

  write(text: string): void {
    for (const [, parameter = '', command = '', plain = ''] of text.matchAll(/\u001B\[([?\d;]*)([A-Za-z])|([\s\S])/g)) {
      if (command) this.#control(command, Number(parameter) || 1, parameter);
      else this.#put(plain);
    }
  }

  lines(): readonly string[] {
    return this.#lines.map((cells) =>
      Array.from(cells, (cell) => cell ?? ' ')
        .join('')
        .trimEnd(),
    );
  }

  #put(character: string): void {
    if (character === '\n') this.#row += 1;
    else if (character === '\r') this.#column = 0;
    else this.#line()[this.#column++] = character;
  }

  #control(command: string, count: number, parameter: string): void {
    if (command === 'A') this.#row = Math.max(0, this.#row - count);
    if (command === 'B') this.#row += count;
    if (command === 'G') this.#column = count - 1;
    if (command === 'K' && parameter === '2') this.#line().length = 0;
    if (command === 'K' && parameter !== '2') this.#line().length = Math.min(this.#line().length, this.#column);
  }

  #line(): string[] {
    while (this.#lines.length <= this.#row) this.#lines.push([]);
    return this.#lines[this.#row] as string[];
  }
}
