#!/usr/bin/env node
import './node-version.ts';

const { main } = await import('./cli/main.ts');
process.exitCode = await main(process.argv.slice(2));
