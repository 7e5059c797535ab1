/** A lock of the host by a file that names its holder. It knows no checkpoint: what the lock guards is its caller's business. */
import { randomBytes } from 'node:crypto';
import { link, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname } from 'node:path';
import { errnoOf, lockHeld, unsafe } from './file-errors.js';
import type { FileLock } from './world.js';

/** Who holds a lock. A pid alone may belong to a later process: its start and the machine's boot tell them apart. */
interface Holder {
  readonly pid: number;
  /** Clock ticks from boot to the start of the process; empty where the system does not tell. */
  readonly started: string;
  readonly boot: string;
  readonly host: string;
  /** Tells two locks of one process apart. */
  readonly token: string;
}

/** What stands in the place of a holder after a release. */
const FREE = 'free\n';
/** Rounds before giving up: each that fails means that another driver was faster. */
const ROUNDS_MAX = 20;

/**
 * Holds `path` until released. The lock is a row of files `path.1`, `path.2` and so on, of which only the last counts.
 *
 * 1. The last one's holder is looked at. Alive, or on another host: `RG052`.
 * 2. Otherwise the next number is claimed: text and name appear at once, and only one can have it.
 * 3. Whoever was slow may have claimed a number that is not the last any more: then it is given back.
 *
 * The last file is never removed, so numbers only go up: a stale lock is passed by, and no live one can be removed by mistake.
 *
 * @throws StreamError `RG052` with the holder's pid; `RG057` when the folder cannot be written.
 */
export async function lockFile(path: string): Promise<FileLock> {
  const token = randomBytes(8).toString('hex');
  const started = (await entryOf(process.pid))?.started ?? '';
  const holder: Holder = { pid: process.pid, started, boot: await bootId(), host: hostname(), token };
  const text = `${JSON.stringify(holder)}\n`;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const last = Math.max(0, ...(await numbersOf(path)));
    const file = `${path}.${last}`;
    const other = await livingHolder(file);
    if (other !== undefined) throw lockHeld(file, other.pid, isHere(other) ? undefined : other.host);
    const own = `${path}.${last + 1}`;
    if (!(await claim(own, text, `${path}.${token}`))) continue;
    const numbers = await numbersOf(path);
    // Asked again, since a holder without hard links shows its file before its text.
    if (Math.max(...numbers) === last + 1 && (await livingHolder(file)) === undefined) {
      for (const number of numbers) if (number <= last) await rm(`${path}.${number}`, { force: true });
      return { release: () => release(own, text, `${path}.${token}`) };
    }
    await rm(own, { force: true });
  }
  throw lockHeld(path, undefined);
}

async function numbersOf(path: string): Promise<readonly number[]> {
  const start = `${basename(path)}.`;
  const names = await readdir(dirname(path)).catch((): string[] => []);
  return names.flatMap((name) => {
    const rest = name.startsWith(start) ? name.slice(start.length) : '';
    return /^\d{1,9}$/.test(rest) ? [Number(rest)] : [];
  });
}

/** True when `own` is ours now. */
async function claim(own: string, text: string, temporary: string): Promise<boolean> {
  try {
    await writeFile(temporary, text, { flag: 'wx' });
    await link(temporary, own);
    return true;
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === 'EEXIST') return false;
    // A file system without hard links: then the file is made where it belongs, and its text follows at once.
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS') return claimWithoutLink(own, text);
    throw unsafe(own, cause);
  } finally {
    await rm(temporary, { force: true }).catch(errnoOf);
  }
}

async function claimWithoutLink(own: string, text: string): Promise<boolean> {
  try {
    await writeFile(own, text, { flag: 'wx' });
    return true;
  } catch (cause) {
    if (errnoOf(cause) === 'EEXIST') return false;
    throw unsafe(own, cause);
  }
}

/** The file stays, so that its number is not given again. What goes wrong leaves the lock of a process that will be gone. */
async function release(own: string, text: string, temporary: string): Promise<void> {
  try {
    if ((await readFile(own, 'utf8')) !== text) return;
    await writeFile(temporary, FREE);
    await rename(temporary, own);
  } catch {
    await rm(temporary, { force: true }).catch(errnoOf);
  }
}

async function livingHolder(file: string): Promise<Holder | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const holder = parse(text);
  return holder !== undefined && (await isAlive(holder)) ? holder : undefined;
}

function isHere({ host }: Holder): boolean {
  return host === '' || host === hostname();
}

/** Undefined for a text that is none of ours: only a loss of power leaves half of one, and then its holder is gone too. */
function parse(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null;
    return typeof holder?.pid === 'number' ? ({ started: '', boot: '', host: '', ...holder } as Holder) : undefined;
  } catch {
    return undefined;
  }
}

async function isAlive(holder: Holder): Promise<boolean> {
  const { pid, started, boot } = holder;
  // A process of another host cannot be asked: it counts as alive.
  if (!isHere(holder)) return true;
  if (boot !== '' && boot !== (await bootId())) return false;
  if (!isRunning(pid)) return false;
  const now = await entryOf(pid);
  if (now === undefined) return true;
  // A zombie is dead and only waits for its parent to ask how it ended.
  return now.state !== 'Z' && now.state !== 'X' && (started === '' || now.started === started);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return errnoOf(cause) === 'EPERM';
  }
}

/** Fields 3 and 22 of Linux's `/proc/PID/stat`. The second is the program's name and may hold spaces and parentheses. */
async function entryOf(pid: number): Promise<{ readonly state: string; readonly started: string } | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', started: fields[19] ?? '' };
}

async function bootId(): Promise<string> {
  const id = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return id.trim();
}
