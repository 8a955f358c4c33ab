// One verb of the local control plane in a process of its own: node local-driver.ts <verb> <directory>.
import { setTimeout as sleep } from 'node:timers/promises';
import { withLock } from '../../src/cluster/local/lock.ts';
import { down, up } from '../../src/cluster/local/local.ts';

const [verb = '', directory = ''] = process.argv.slice(2);
const selector = { name: 'test', ...(directory !== '' && { directory }) };
const print = (value: unknown): void => console.log(JSON.stringify(value));

try {
  if (verb === 'up') print(await up({ ...selector, onProgress: ({ text }) => console.error(text) }));
  else if (verb === 'down') print(await down(selector));
  else if (verb === 'lock') {
    await withLock(directory, async () => {
      print({ event: 'in', at: Date.now() });
      await sleep(150);
      print({ event: 'out', at: Date.now() });
    });
  } else if (verb === 'hold') {
    await withLock(directory, async () => {
      print({ event: 'in' });
      await sleep(60_000);
    });
  }
} catch (error) {
  print({ error: (error as { code?: string }).code, message: (error as Error).message });
  process.exitCode = 1;
}
