/** Prints errors on stderr in one shape: what is wrong, where, what to do. A stack trace only for a bug of ours. */
import { basename } from 'node:path';
import { styleText } from 'node:util';
import { AssertionError } from '../core/assert.js';
import { ERRORS, EXIT, type Place, StreamError, StreamErrors } from '../core/errors.js';
import { withoutSecrets } from '../core/secrets.js';
import { userFrame } from '../host/user-frame.js';
import { variableOf } from './flags.js';
import { sourceFrame, underlined } from './source-frame.js';
import { UsageError } from './usage-error.js';

/** The most problems that are printed at once. */
const PROBLEMS_SHOWN = 20;

/** Prints an error, or each of several. */
export function printError(error: unknown): void {
  process.stderr.write(formatError(error));
}

/** The exit code that an error leads to. */
export function exitCodeOf(error: unknown): number {
  const first = problemsOf(error)?.[0];
  return first === undefined ? EXIT.job : ERRORS[first.code].exit;
}

/** What `printError` prints. */
export function formatError(error: unknown, words: readonly string[] = process.argv.slice(2)): string {
  const problems = problemsOf(error);
  if (problems === undefined) return formatBug(error);
  const safe = words.map(withoutSecrets);
  const shown = problems.slice(0, PROBLEMS_SHOWN).map((problem) => withoutSecrets(formatProblem(problem, safe)));
  const left = problems.length - shown.length;
  return `${shown.join('\n')}${left > 0 ? `\n${left} more problems are not shown\n` : ''}`;
}

/** Errors of the world as problems; undefined for a bug of ours. */
function problemsOf(error: unknown): readonly StreamError[] | undefined {
  if (error instanceof StreamErrors) return error.problems;
  if (error instanceof StreamError) return [error];
  if (error instanceof AssertionError) return undefined;
  if (error instanceof Error && isErrno(error)) {
    return [
      new StreamError('RG040', error.message.replace(/^E[A-Z]+: /, ''), 'check the path and its permissions', {
        cause: error,
      }),
    ];
  }
  const place = userFrame(error);
  if (place === undefined) return undefined;
  // Neither awaited nor caught by anyone: a promise of the user's own that failed on its own.
  return [
    new StreamError(
      'RG030',
      `code of the job threw outside of any operator: ${textOf(error)}`,
      'catch it there, or await the promise that failed',
      { place },
    ),
  ];
}

function formatProblem(problem: StreamError, words: readonly string[]): string {
  const { code, message, hint } = problem;
  const [first = '', ...rest] = message.split('\n');
  const lines = [
    `${paint(['red', 'bold'], `error[${code}]`)}${paint(['bold'], `: ${first}`)}`,
    ...rest.map((line) => `  ${line}`),
  ];
  lines.push(...placeLines(problem, words), ...noteLines(problem));
  lines.push(`${paint(['cyan'], 'help')}: ${hint}   ${paint(['dim'], `(raingauge explain ${code})`)}`);
  return `${lines.join('\n')}\n`;
}

function placeLines(problem: StreamError, words: readonly string[]): readonly string[] {
  if (problem instanceof UsageError) return commandLineFrame(withoutSecrets(problem.at), words);
  const place = placeOf(problem);
  return place === undefined ? [] : sourceFrame(place);
}

/** The user's own line that threw, else the line of the operator. */
function placeOf(problem: StreamError): Place | undefined {
  return userFrame(deepestCause(problem)) ?? problem.place ?? userFrame(problem);
}

function noteLines(problem: StreamError): readonly string[] {
  const notes: string[] = [];
  const { operator, place } = problem;
  const shown = placeOf(problem);
  if (operator !== undefined) {
    const where =
      place === undefined || (shown?.line === place.line && shown.file === place.file)
        ? ''
        : ` (${basename(place.file)}:${place.line}:${place.column})`;
    notes.push(`in operator '${operator}'${where}`);
  }
  const cause = deepestCause(problem);
  if (cause !== undefined && !isErrno(cause) && !problem.message.includes(messageOf(cause))) notes.push(textOf(cause));
  return notes.map((note) => `   ${paint(['blue'], '=')} note: ${note}`);
}

/** The command line with the flag or word underlined, or the environment variable that was used in its place. */
function commandLineFrame(at: string, words: readonly string[]): readonly string[] {
  const index = words.findIndex((word) => word === at || word.startsWith(`${at}=`));
  if (index < 0) {
    const variable = at.startsWith('--') ? variableOf(at) : undefined;
    const value = variable === undefined ? undefined : process.env[variable];
    return value === undefined
      ? []
      : ['  --> environment', ...underlined(withoutSecrets(`${variable}=${value}`), undefined, 1, variable!.length)];
  }
  const isPair =
    at.startsWith('--') && words[index] === at && words[index + 1] !== undefined && !words[index + 1]!.startsWith('--');
  const before = ['raingauge', ...words.slice(0, index)].join(' ');
  const marked = words.slice(index, index + (isPair ? 2 : 1)).join(' ');
  const text = ['raingauge', ...words].join(' ');
  return ['  --> command line', ...underlined(text, undefined, before.length + 2, marked.length)];
}

function formatBug(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const where = 'please report it with the lines below, the command and the version';
  return `${paint(['red', 'bold'], 'error: this is a bug in raingauge')}\nhelp: ${where}\n${stack}\n`;
}

function deepestCause(error: Error): unknown {
  let cause = error.cause;
  while (cause instanceof Error && cause.cause !== undefined) cause = cause.cause;
  return cause;
}

/** The system's own words add nothing to ours. */
function isErrno(thrown: unknown): boolean {
  return thrown instanceof Error && /^E[A-Z]+$/.test((thrown as NodeJS.ErrnoException).code ?? '');
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
}

/** One format at a time: given several at once, Node 20 colours also where there is no terminal. */
function paint(formats: readonly ('red' | 'bold' | 'cyan' | 'blue' | 'dim')[], text: string): string {
  return formats.reduce((painted, format) => styleText(format, painted, { stream: process.stderr }), text);
}
