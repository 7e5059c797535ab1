/** A made-up access log in Apache's combined format, in which the visits are known. Made from a seed, for a real one has no labels. */
import { type Below, seeded } from './seeded.js';

/** One visit, as the log was made from it. */
export interface Visit {
  readonly host: string;
  readonly requests: number;
  readonly bytes: number;
  readonly errors: number;
}

/** A visitor who is silent for so long (s) has left. */
export const GAP_SECONDS = 30 * 60;
/** A line is written when its answer was sent, so much (s) behind its request at most: lines are out of order. */
export const ANSWER_SECONDS_MAX = 20;

const HOSTS = 60;
const DAY = Date.UTC(2026, 2, 2) / 1_000;
const PATHS = ['/', '/rain', '/gauge', '/login', '/img/logo.png', '/search?q=storm'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

interface Request {
  readonly host: string;
  /** Seconds since 1970. */
  readonly asked: number;
  readonly answered: number;
  readonly status: number;
  readonly bytes: number;
}

/** The lines of a day in the order in which a server would have written them, and the visits in them. */
export function accessLog(seed = 1): { readonly lines: readonly string[]; readonly visits: readonly Visit[] } {
  const below = seeded(seed);
  const all = Array.from({ length: HOSTS }, (_, i) => visitsOf(`10.0.${i >> 4}.${i & 15}`, below)).flat();
  const requests = all
    .flat()
    .sort((a, b) => a.answered - b.answered || a.asked - b.asked || (a.host < b.host ? -1 : 1));
  return { lines: requests.map(lineOf), visits: all.map(visitOf) };
}

/** One host's visits: requests less than a gap apart, and at least a gap between visits. */
function visitsOf(host: string, below: Below): Request[][] {
  let asked = DAY + below(4 * 3_600);
  return Array.from({ length: 1 + below(4) }, () => {
    const visit = Array.from({ length: 1 + below(25) }, (_, i): Request => {
      if (i > 0) asked += 1 + below(i % 8 === 7 ? GAP_SECONDS - 1 : 90);
      const status = below(12) === 0 ? 404 : 200;
      const bytes = status === 404 ? 196 : 300 + below(20_000);
      return { host, asked, answered: asked + below(ANSWER_SECONDS_MAX + 1), status, bytes };
    });
    asked += GAP_SECONDS + below(2 * 3_600);
    return visit;
  });
}

function visitOf(requests: readonly Request[]): Visit {
  return {
    host: requests[0]!.host,
    requests: requests.length,
    bytes: requests.reduce((sum, { bytes }) => sum + bytes, 0),
    errors: requests.filter(({ status }) => status >= 400).length,
  };
}

function lineOf({ host, asked, status, bytes }: Request): string {
  const date = new Date(asked * 1_000);
  const two = (part: number): string => String(part).padStart(2, '0');
  const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`;
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  return `${host} - - [${day}:${time} +0000] "GET ${PATHS[asked % PATHS.length]} HTTP/1.1" ${status} ${bytes} "-" "Mozilla/5.0"`;
}

/** One line, read again. */
export interface Hit {
  readonly host: string;
  /** When it was asked for (us). */
  readonly time: number;
  readonly status: number;
  readonly bytes: number;
}

/** A line in combined format as one hit, and as none what is no such line: logs hold rubbish too. */
export function parseLine(line: string): readonly Hit[] {
  const match = /^(\S+) \S+ \S+ \[(\d+)\/(\w+)\/(\d+):(\d+):(\d+):(\d+) \+0000\] "[^"]*" (\d+) (\d+|-)/.exec(line);
  if (match === null) return [];
  const [host, day, month, year, hours, minutes, seconds, status, bytes] = match.slice(1) as string[];
  const ms = Date.UTC(+year!, MONTHS.indexOf(month!), +day!, +hours!, +minutes!, +seconds!);
  return [{ host: host!, time: ms * 1_000, status: Number(status), bytes: bytes === '-' ? 0 : Number(bytes) }];
}
