/** One character of a pattern: the characters it stands for as bits, and how often it may stand there. */
interface Atom {
  readonly set: bigint;
  readonly optional: boolean;
  readonly repeated: boolean;
}

const atomPattern =
  /(?:\[((?:[A-Za-z0-9]-[A-Za-z0-9]|[A-Za-z0-9_.:/@,= ])+-?)\]|\\([.\-/+*?()[\]{}|^$d])|([A-Za-z0-9_:/@,= -]))([+*?]?)/y;

/**
 * The pattern for JavaScript's own engine, when it means the same there and cannot go back and forth: it is anchored,
 * has plain characters and sets only, and what repeats never starts what follows. `undefined` for any other pattern.
 */
export function nativePattern(pattern: string): RegExp | undefined {
  if (!pattern.startsWith('^')) return undefined;
  const end = pattern.endsWith('$') && !pattern.endsWith('\\$') ? pattern.length - 1 : pattern.length;
  const atoms: Atom[] = [];
  atomPattern.lastIndex = 1;
  while (atomPattern.lastIndex < end) {
    const at = atomPattern.lastIndex;
    const match = atomPattern.exec(pattern);
    if (!match || match[0] === '' || at + match[0].length > end) return undefined;
    const [, klass, escaped, plain, quantifier = ''] = match;
    const set = klass === undefined ? charSet(escaped ?? plain ?? '', escaped === 'd') : classSet(klass);
    if (set === undefined) return undefined;
    atoms.push({ set, optional: quantifier === '*' || quantifier === '?', repeated: quantifier !== '' });
  }
  return isDeterministic(atoms) ? new RegExp(pattern) : undefined;
}

function isDeterministic(atoms: readonly Atom[]): boolean {
  return atoms.every((atom, index) => {
    if (!atom.repeated) return true;
    for (const next of atoms.slice(index + 1)) {
      if ((atom.set & next.set) !== 0n) return false;
      if (!next.optional) return true;
    }
    return true;
  });
}

function bit(char: string): bigint {
  return 1n << BigInt(char.charCodeAt(0));
}

function range(from: string, to: string): bigint | undefined {
  if (from > to) return undefined;
  let set = 0n;
  for (let code = from.charCodeAt(0); code <= to.charCodeAt(0); code++) set |= 1n << BigInt(code);
  return set;
}

function charSet(char: string, digits: boolean): bigint | undefined {
  return digits ? range('0', '9') : bit(char);
}

function classSet(text: string): bigint | undefined {
  let set = 0n;
  for (let at = 0; at < text.length; at++) {
    if (text.charAt(at + 1) === '-' && at + 2 < text.length) {
      const some = range(text.charAt(at), text.charAt(at + 2));
      if (some === undefined) return undefined;
      set |= some;
      at += 2;
    } else set |= bit(text.charAt(at));
  }
  return set;
}
