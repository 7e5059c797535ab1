/** Runs the built `raingauge` as a user would; where `dist` is older than `src` (while developing), `src` through tsx. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { folderOfFile } from '../folders.js';
import { runInTurn } from './in-turn.js';

/** The repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** What a command printed, and its exit code. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Options of node itself. */
  readonly nodeOptions?: readonly string[];
  /** In a process of its own: what it loads is new there, and its end is that of a user's. Default: only in the long tests. */
  readonly isAlone?: boolean;
  /** Called for each piece of stdout, with the running process. */
  readonly onStdout?: (text: string, child: ReturnType<typeof spawn>) => void;
}

/** A command that runs. */
export interface Launched {
  readonly child: ChildProcess;
  /** What it printed on stderr so far. */
  readonly stderr: () => string;
  readonly ended: Promise<Outcome>;
}

/** Runs `raingauge` with these words to its end, in a process that others used before where the options allow that. */
export function raingauge(words: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  const { cwd = root, env, input, nodeOptions, onStdout, isAlone = process.env['RAINGAUGE_LONG'] === '1' } = options;
  if (isAlone || input !== undefined || nodeOptions !== undefined || onStdout !== undefined)
    return launch(words, options).ended;
  return runInTurn(root, program(), { words, cwd, env: { ...plainEnv(), ...env } });
}

/** What loading `job.ts` in each of these folders gives, as `raingauge` would tell it, by one process. */
export async function loadInTurn(folders: readonly string[]): Promise<readonly Pick<Outcome, 'code' | 'stderr'>[]> {
  const built = isBuilt();
  const cli = pathToFileURL(join(root, built ? 'dist' : 'src', 'cli', '/')).href;
  const script = join(root, 'test', 'cli', 'load-in-turn.mjs');
  const words = [...(built ? [] : ['--import', tsx]), script, cli, built ? 'js' : 'ts', ...folders];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, words, { cwd: root });
  if (stderr !== '') throw new Error(stderr);
  return JSON.parse(stdout) as readonly Pick<Outcome, 'code' | 'stderr'>[];
}

/** Starts `raingauge` with these words. */
export function launch(words: readonly string[], options: CommandOptions = {}): Launched {
  const child = spawn(process.execPath, [...(options.nodeOptions ?? []), ...program(), ...words], {
    cwd: options.cwd ?? root,
    env: { ...plainEnv(), ...options.env },
    stdio: 'pipe',
  });
  let [stdout, stderr] = ['', ''];
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      options.onStdout?.(text, child);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
    // A command that does not read its input may have ended before it is written.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
  return { child, stderr: () => stderr, ended };
}

/** Resolves when it says so on stderr. @throws Error when it ends without. */
export async function untilSays({ child, stderr, ended }: Launched, text: string): Promise<void> {
  const said = new Promise<true>((resolve) => {
    const look = (): void => {
      if (stderr().includes(text)) resolve(true);
    };
    child.stderr?.on('data', look);
    look();
  });
  if ((await Promise.race([said, ended])) !== true) throw new Error(`it ended without '${text}':\n${stderr()}`);
}

/** Without what asks for colours, or for none. */
function plainEnv(): NodeJS.ProcessEnv {
  const { NO_COLOR: _, FORCE_COLOR: __, ...env } = process.env;
  return env;
}

/** Arguments of node that start the program. */
function program(): readonly string[] {
  builtOrNot ??= isBuilt();
  return builtOrNot ? [join(root, 'dist', 'cli', 'main.js')] : ['--import', tsx, join(root, 'src', 'cli', 'main.ts')];
}

let builtOrNot: boolean | undefined;
const tsx = pathToFileURL(join(root, 'node_modules', 'tsx', 'dist', 'loader.mjs')).href;

/** True when nothing in `src` changed since `dist` was built; `npm test` builds first. */
export function isBuilt(): boolean {
  const stamp = join(root, 'dist', '.built');
  if (!existsSync(stamp)) return false;
  const builtMs = Number(readFileSync(stamp, 'utf8'));
  const src = join(root, 'src');
  return readdirSync(src, { recursive: true, encoding: 'utf8' }).every(
    (path) => statSync(join(src, path)).mtimeMs <= builtMs,
  );
}

/** A folder outside of any package, with these files; removed after the tests of the file. */
export function folderOf(files: Readonly<Record<string, string>>, parent = tmpdir()): string {
  const folder = folderOfFile(parent, 'raingauge-cli-');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** As `folderOf`, within a project that has this raingauge: Node loads a `.mjs` job there by itself, in half the time of the loader. */
export function projectFolderOf(files: Readonly<Record<string, string>>): string {
  // Another test file of this process may have had one, which is gone with it.
  if (project === undefined || !existsSync(project)) {
    project = folderOf({});
    mkdirSync(join(project, 'node_modules'));
    symlinkSync(root, join(project, 'node_modules', 'raingauge'), 'junction');
  }
  return folderOf(files, project);
}

let project: string | undefined;

/** A small word count that reads a file and prints each result. */
export const WORDS_JOB = `import { seconds, topology } from 'raingauge';
import { stdout } from 'raingauge/sinks';
import { textFile } from 'raingauge/sources';

export default topology('words', { batchInterval: seconds(0.1) }, (t) => {
  t.source('lines', textFile('lines.txt'))
    .flatMap((line: string) => line.split(' '))
    .map((word) => [word, 1] as const)
    .runningReduce({ uid: 'running', reduce: (a, b) => a + b })
    .to('counts', stdout({ format: 'lines' }));
});
`;

/** The same as a JavaScript module. */
export const WORDS_MODULE = WORDS_JOB.replace('(line: string)', '(line)').replace(' as const', '');
