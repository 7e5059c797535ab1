/** Tests of lines with a caret. */
import { describe, expect, it } from 'vitest';
import { underlined } from '../../src/cli/source-frame.js';

describe('a line with a caret', () => {
  it('is shown whole where it fits', () => {
    expect(underlined('run --mod record', undefined, 5, 5)).toEqual([
      '   |',
      '   | run --mod record',
      '   |     ^^^^^',
    ]);
  });

  it('is cut around the caret, says so, and the caret ends with it', () => {
    const line = `${'a'.repeat(100)}${'b'.repeat(100)}${'c'.repeat(100)}`;
    const [, text, caret] = underlined(line, 7, 101, 100);
    expect(text).toBe(`7  | …${'a'.repeat(53)}${'b'.repeat(55)}…`);
    expect(caret).toBe(`   | ${' '.repeat(54)}${'^'.repeat(56)}`);
  });
});
