/** The shape of errors, and what is said about a bug of ours. */
import { describe, expect, it } from 'vitest';
import { exitCodeOf, formatError } from '../../src/cli/print-error.js';
import { UsageError } from '../../src/cli/usage-error.js';
import { AssertionError } from '../../src/core/assert.js';
import { StreamError, StreamErrors } from '../../src/core/errors.js';
import { folderOf } from './command.js';

const file = `${folderOf({ 'job.ts': 'one\n\tconst two = map(2);\n' })}/job.ts`;

describe('an error', () => {
  it('shows what is wrong, the line with a caret, and what to do', () => {
    const error = new StreamError('RG012', 'slide 7 s is no multiple of 2 s', 'use 6 s or 8 s', {
      place: { file, line: 2, column: 14 },
    });
    expect(formatError(error)).toBe(
      [
        'error[RG012]: slide 7 s is no multiple of 2 s',
        `  --> ${file}:2:14`,
        '   |',
        '2  |  const two = map(2);',
        '   |              ^',
        'help: use 6 s or 8 s   (raingauge explain RG012)',
        '',
      ].join('\n'),
    );
    expect(exitCodeOf(error)).toBe(2);
  });

  it('shows its place only when the line cannot be read', () => {
    const error = new StreamError('RG012', 'a', 'b', { place: { file: '/nowhere.ts', line: 2, column: 14 } });
    expect(formatError(error)).toContain('  --> /nowhere.ts:2:14\nhelp: b');
  });

  it('in the command line underlines the flag with its value, also as one word', () => {
    const error = new UsageError('RG010', 'no', 'yes', '--for');
    expect(formatError(error, ['run', 'a.ts', '--for', '5', '--json'])).toContain(
      '   | raingauge run a.ts --for 5 --json\n   |                    ^^^^^^^\n',
    );
    expect(formatError(error, ['run', '--for=5'])).toContain(
      '   | raingauge run --for=5\n   |               ^^^^^^^\n',
    );
  });

  it('comes with others at once, but not with too many', () => {
    const problems = Array.from({ length: 25 }, (_, i) => new StreamError('RG014', `problem ${i}`, 'help'));
    const text = formatError(new StreamErrors(problems));
    expect(text.match(/^error\[RG014\]/gm)).toHaveLength(20);
    expect(text).toContain('5 more problems are not shown');
  });

  it('names the cause where the message does not', () => {
    const error = new StreamError('RG046', 'cannot write', 'check', { cause: new Error('quota') });
    expect(formatError(error)).toContain('   = note: Error: quota\n');
  });

  it('of the system has no stack trace', () => {
    const error = Object.assign(new Error("EACCES: permission denied, open '/x'"), { code: 'EACCES', stack: '' });
    const text = formatError(error);
    expect(text).toContain("error[RG040]: permission denied, open '/x'\n");
    expect(text).toContain('help: check the path and its permissions   (raingauge explain RG040)\n');
    expect(text).not.toMatch(/^\s+at /m);
    expect(exitCodeOf(error)).toBe(5);
  });
});

describe('a bug of ours', () => {
  it('is called one, with its stack, and exits with 1', () => {
    const error = new AssertionError('raingauge bug: the ring is full');
    expect(formatError(error)).toMatch(
      /^error: this is a bug in raingauge\nhelp: please report it[^\n]*\n.*the ring is full\n\s+at /,
    );
    expect(exitCodeOf(error)).toBe(1);
  });
});
