/** Who gets which partition: the same as Java's range assignor gives. */
import { describe, expect, it } from 'vitest';
import { rangeAssignment } from '../../src/connectors/kafka/range-assignment.js';

describe('range assignment', () => {
  it.each([
    [['b', 'a'], 5, { a: [0, 1, 2], b: [3, 4] }],
    [['a', 'b', 'c'], 3, { a: [0], b: [1], c: [2] }],
    [['c', 'a', 'b'], 2, { a: [0], b: [1], c: undefined }],
    [['a'], 0, { a: undefined }],
  ])('gives %j of %d partitions consecutive ones, the first members one more', (ids, count, expected) => {
    const members = ids.map((id) => ({ id, topics: ['lines'] }));
    const assigned = rangeAssignment(members, new Map([['lines', count]]));
    expect(Object.fromEntries([...assigned].map(([id, { lines }]) => [id, lines]))).toEqual(expected);
  });

  it('shares each topic among those that read it', () => {
    const members = [
      { id: 'a', topics: ['lines', 'words'] },
      { id: 'b', topics: ['words'] },
    ];
    const counts = new Map([
      ['lines', 2],
      ['words', 3],
    ]);
    expect(Object.fromEntries(rangeAssignment(members, counts))).toEqual({
      a: { lines: [0, 1], words: [0, 1] },
      b: { words: [2] },
    });
  });
});
