import type { Progress, Screen } from './terminal.ts';

/** Ages grow even when nothing happens. */
const redrawEveryMs = 250;
/** Thousands of objects make thousands of events. */
const redrawAtMostEveryMs = 40;

/** One place at the end of the terminal that is drawn again and again, on stderr. */
export async function liveProgress(): Promise<Progress> {
  const { createLogUpdate } = await import('log-update');
  const { stderr } = process;
  const view = createLogUpdate(stderr);
  let draw: ((screen: Screen) => readonly string[]) | undefined;
  let drawnAt = 0;
  let timer: NodeJS.Timeout | undefined;
  const screen = (): Screen => ({ columns: stderr.columns || 80, rows: stderr.rows || 24 });
  const redraw = (): void => {
    if (!draw) return;
    drawnAt = performance.now();
    view(draw(screen()).join('\n'));
  };
  const stop = (): void => {
    draw = undefined;
    clearInterval(timer);
    timer = undefined;
    stderr.off('resize', redraw);
    view.clear();
    view.done();
  };
  return {
    isLive: true,
    line: (text) => {
      view.clear();
      stderr.write(`${text}\n`);
      redraw();
    },
    live: (next) => {
      draw = next;
      if (!timer) {
        timer = setInterval(redraw, redrawEveryMs).unref();
        stderr.on('resize', redraw);
      }
      if (performance.now() - drawnAt >= redrawAtMostEveryMs) redraw();
    },
    event: () => undefined,
    stop,
  };
}
