import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, it } from 'vitest';

/** A folder imports lower numbers only; folders of the same number never import each other, files that lie beside them may. */
const layers: Readonly<Record<string, number>> = {
  'copy.ts': 0, 'errors.ts': 0, 'source-line.ts': 0, expr: 1, schema: 1, graph: 2, k8s: 3, resolve: 3, kro: 3, patterns: 4, gitops: 4, interop: 4,
  cluster: 5, deploy: 6, testing: 7, cli: 8,
}; // biome-ignore format: a table

/** `expr` gets types as data: the one exception, and only for types. */
const allowedTypes = new Set(['schema -> expr/types.ts']);

const folderOf = (path: string): string => path.split('/')[0] as string;
const layerOf = (path: string): number => layers[folderOf(path)] ?? 9;

it('imports go downwards only', () => {
  const violations: string[] = [];
  for (const file of globSync('**/*.ts', { cwd: 'src' })) {
    const text = readFileSync(join('src', file), 'utf8');
    const imports = [
      ...text.matchAll(/^(?:import|export)\s+(type\s)?[^'"`;]*?from\s+'(\.[^']+)'/gm),
      ...text.matchAll(/^[^*\n]*import\((type\s)?'(\.[^']+)'\)/gm),
    ];
    for (const [, typeOnly, target = ''] of imports) {
      const imported = normalize(join(dirname(file), target));
      if (!target || folderOf(imported) === folderOf(file)) continue;
      const beside = [file, imported].every((path) => folderOf(path) === path) && layerOf(imported) === layerOf(file);
      const downwards = beside || layerOf(imported) < layerOf(file);
      if (!downwards && !(typeOnly && allowedTypes.has(`${folderOf(file)} -> ${imported}`)))
        violations.push(`${file} -> ${imported}`);
    }
  }
  expect(violations).toEqual([]);
});
