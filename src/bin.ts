#!/usr/bin/env node
// oxlint-disable-next-line import/no-unassigned-import -- it runs before everything else
import './node-version.ts';

const { main } = await import('./cli/main.ts');
process.exitCode = await main(process.argv.slice(2));
