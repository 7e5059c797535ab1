/** Processes that run one command of `raingauge` after the other: half a second less for each. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { Outcome } from './command.js';

/** One command. */
export interface Request {
  readonly words: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Processes that wait for their next command. */
const idle: ChildProcess[] = [];
/** Ends what a command printed; no command prints it. */
const MARK = '\u0000end of the command: ';
/** Kept for later; each takes some memory. */
const IDLE_MAX = 3;

/** Runs a command in a process that ran others before. `program` starts `main` in node: its options and its file. */
export function runInTurn(root: string, program: readonly string[], request: Request): Promise<Outcome> {
  const child = idleOne() ?? start(root, program);
  return new Promise((resolve, reject) => {
    const printed = { stdout: '', stderr: '' };
    const codes: number[] = [];
    const hear = (name: 'stdout' | 'stderr') => (text: string) => {
      printed[name] += text;
      const at = printed[name].lastIndexOf(MARK);
      if (at < 0 || !printed[name].endsWith('\n')) return;
      codes.push(Number(printed[name].slice(at + MARK.length)));
      printed[name] = printed[name].slice(0, at);
      if (codes.length === 2) end(codes[0]!);
    };
    const [hearOut, hearErr] = [hear('stdout'), hear('stderr')];
    const end = (code: number | null): void => {
      child.stdout!.off('data', hearOut);
      child.stderr!.off('data', hearErr);
      child.off('close', end).off('error', reject);
      if (codes.length === 2) retain(child);
      resolve({ code, ...printed });
    };
    child.stdout!.on('data', hearOut);
    child.stderr!.on('data', hearErr);
    child.on('close', end).on('error', reject);
    child.stdin!.write(`${JSON.stringify({ ...request, mark: MARK })}\n`);
  });
}

function idleOne(): ChildProcess | undefined {
  for (let child = idle.pop(); child !== undefined; child = idle.pop()) {
    for (const handle of handlesOf(child)) handle.ref();
    if (child.exitCode === null && child.signalCode === null) return child;
  }
  return undefined;
}

function start(root: string, program: readonly string[]): ChildProcess {
  const main = program.at(-1)!;
  const script = join(root, 'test', 'cli', 'in-turn.mjs');
  const child = spawn(process.execPath, [...program.slice(0, -1), script, main], { cwd: root, stdio: 'pipe' });
  child.stdout.setEncoding('utf8');
  child.stderr.setEncoding('utf8');
  // One that ended by itself is told by its end.
  child.stdin.on('error', () => {});
  return child;
}

/** Keeps it, without keeping this process from ending: then its stdin ends, and so does it. */
function retain(child: ChildProcess): void {
  if (idle.length >= IDLE_MAX) return void child.stdin!.end();
  for (const handle of handlesOf(child)) handle.unref();
  idle.push(child);
}

function handlesOf(child: ChildProcess): readonly Pick<ChildProcess, 'ref' | 'unref'>[] {
  return [child, child.stdin as Socket, child.stdout as Socket, child.stderr as Socket];
}
