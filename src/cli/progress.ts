/** Progress on stderr for what takes more than a second: a bar redrawn in place on a terminal, sparse lines elsewhere. */
import { styleText } from 'node:util';

/** What is shown. `fraction` from 0 to 1, or undefined when nobody knows how much is left. */
export interface ProgressReport {
  readonly fraction: number | undefined;
  readonly text: string;
}

/** Shows progress until `stop`. */
export interface Progress {
  stop(): void;
}

/** Nothing is shown of what is done sooner. */
const SHOW_AFTER_MS = 1_000;
/** A terminal is redrawn ten times a second at most. */
const REDRAW_MS = 100;
/** Elsewhere there is a line this often. */
const LINE_MS = 5_000;
const BAR_WIDTH = 24;

/** Shows what `read` says. `terminal: false` gives lines also on a terminal, where results scroll by. */
export function showProgress(
  read: () => ProgressReport,
  options: { readonly quiet: boolean; readonly terminal?: boolean },
): Progress {
  if (options.quiet) return { stop: () => {} };
  const isLive = isTerminal() && options.terminal !== false;
  let isDrawn = false;
  let repeat: NodeJS.Timeout | undefined;
  const draw = (): void => {
    const report = read();
    isDrawn = true;
    process.stderr.write(isLive ? `\r${cutToWidth(bar(report))}\x1b[K` : `${plain(report)}\n`);
  };
  const delay = setTimeout(
    () => {
      draw();
      repeat = setInterval(draw, isLive ? REDRAW_MS : LINE_MS).unref();
    },
    isLive ? SHOW_AFTER_MS : LINE_MS,
  ).unref();
  return {
    stop: () => {
      clearTimeout(delay);
      clearInterval(repeat);
      if (isLive && isDrawn) process.stderr.write('\r\x1b[K');
    },
  };
}

/** True where a line can be drawn again in place. */
function isTerminal(): boolean {
  const { CI, TERM } = process.env;
  return process.stderr.isTTY === true && TERM !== 'dumb' && (CI === undefined || CI === '' || CI === 'false');
}

function bar({ fraction, text }: ProgressReport): string {
  if (fraction === undefined) return text;
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * BAR_WIDTH);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)} ${percent(fraction)}  ${text}`;
}

function plain({ fraction, text }: ProgressReport): string {
  return fraction === undefined ? text : `${percent(fraction)}  ${text}`;
}

function percent(fraction: number): string {
  return `${Math.floor(Math.min(1, Math.max(0, fraction)) * 100)} %`.padStart(5);
}

function cutToWidth(line: string): string {
  const shown = line.slice(0, Math.max(20, (process.stderr.columns ?? 80) - 1));
  return styleText('dim', shown, { stream: process.stderr });
}
