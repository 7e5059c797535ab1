/** What flags make of their values, where no command is needed to see it. */
import { expect, it } from 'vitest';
import { endsOf } from '../../src/cli/values.js';

it('a name of an end may be any word', () => {
  const ends = endsOf('--source')('__proto__=stdin: constructor=none:', { lines: 'file:a' });
  expect(Object.entries(ends)).toEqual([
    ['lines', 'file:a'],
    ['__proto__', 'stdin:'],
    ['constructor', 'none:'],
  ]);
});
