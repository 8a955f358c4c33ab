import { keys } from './compile-comprehension.ts';
import { Failure, noSuchOverload } from './failure.ts';
import { spend } from './frame.ts';
import type { Emitter } from './generate.ts';
import type { Local, Typed } from './typed.ts';

type Comprehension = Typed & { readonly kind: 'comprehension' };

/** A loop for the macros with one variable; `undefined` for the others, which stay closures. */
export function generateComprehension(emitter: Emitter, tree: Comprehension): string | undefined {
  const [local, second] = tree.variables;
  if (!local || second) return undefined;
  switch (tree.macro) {
    case 'all':
      return quantifier(emitter, tree, { local, wanted: false });
    case 'exists':
      return quantifier(emitter, tree, { local, wanted: true });
    case 'exists_one':
      return selection(emitter, tree, local);
    case 'filter':
      return selection(emitter, tree, local);
    case 'map':
      return tree.filter ? undefined : mapping(emitter, tree, local);
    default:
      return undefined;
  }
}

/** Writes the head of the loop over the range. */
function loop(emitter: Emitter, tree: Comprehension, local: Local): void {
  const range = emitter.raw(tree.range);
  const slot = emitter.compiler.slot(local);
  const [items, item, index] = [emitter.fresh(), emitter.fresh(), emitter.fresh()];
  emitter.bindLocal(local, item);
  emitter.line(
    `${items} = Array.isArray(${range}) ? ${range} : ${emitter.use(keys)}(${range}); ${emitter.use(spend)}(${items}.length);`,
  );
  emitter.line(
    `for (${index} = 0; ${index} < ${items}.length; ${index}++) { locals[${slot}] = ${item} = ${items}[${index}];`,
  );
}

function quantifier(emitter: Emitter, tree: Comprehension, how: { local: Local; wanted: boolean }): string {
  const { wanted } = how;
  const [result, failure] = [emitter.fresh(), emitter.fresh()];
  emitter.line(`${result} = ${!wanted}; ${failure} = undefined;`);
  loop(emitter, tree, how.local);
  emitter.line('try {');
  const body = emitter.emit(tree.body);
  emitter.line(`if (${body} === ${wanted}) { ${result} = ${wanted}; break; }`);
  emitter.line(`if (typeof ${body} !== "boolean") ${failure} ??= ${emitter.use(noSuchOverload)}();`);
  emitter.line(
    `} catch (error) { if (!(error instanceof ${emitter.use(Failure)})) throw error; ${failure} ??= error; } }`,
  );
  emitter.line(`if (${result} !== ${wanted} && ${failure} !== undefined) throw ${failure};`);
  return result;
}

/** `filter` and `exists_one`: the last failing condition is what they fail with. */
function selection(emitter: Emitter, tree: Comprehension, local: Local): string {
  const [result, failure] = [emitter.fresh(), emitter.fresh()];
  const counting = tree.macro === 'exists_one';
  emitter.line(`${result} = ${counting ? '0' : '[]'}; ${failure} = undefined;`);
  loop(emitter, tree, local);
  emitter.line('try {');
  const body = emitter.emit(tree.body);
  emitter.line(`if (${body} === true) {`);
  if (counting) emitter.line(`${result}++;`);
  else emitter.line(`${result}.push(${emitter.emit({ kind: 'local', local, type: local.type, node: tree.node })});`);
  emitter.line(`} else if (${body} !== false) ${failure} = ${emitter.use(noSuchOverload)}();`);
  emitter.line(
    `} catch (error) { if (!(error instanceof ${emitter.use(Failure)})) throw error; ${failure} = error; } }`,
  );
  emitter.line(`if (${failure} !== undefined) throw ${failure};`);
  return counting ? `(${result} === 1)` : result;
}

function mapping(emitter: Emitter, tree: Comprehension, local: Local): string {
  const result = emitter.fresh();
  emitter.line(`${result} = [];`);
  loop(emitter, tree, local);
  emitter.line(`${result}.push(${emitter.emit(tree.body)}); }`);
  return result;
}
