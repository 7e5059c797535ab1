/** What every source must do, whatever it reads from. */
import { describe, expect, it } from 'vitest';
import type { RawSource } from '../../src/runtime/source.js';
import { drain, woken } from './drain.js';

/** Opens a source of one partition that has these lines and then ends. */
export type OpenLines = (lines: readonly string[]) => Promise<RawSource>;

/** Runs the cases against one source. */
export function describeSource(name: string, open: OpenLines): void {
  const many = Array.from({ length: 40_000 }, (_, i) => `line ${i} ${'x'.repeat(i % 50)}`);

  describe(`${name} as a source`, () => {
    it('ends without a record when the input is empty', async () => {
      const source = await open([]);
      expect(await drain(source.partitions[0]!)).toEqual({ values: [], outcome: 'ended' });
      await source.close();
    });

    it('gives one record', async () => {
      const source = await open(['rain']);
      expect(await drain(source.partitions[0]!)).toEqual({ values: ['rain'], outcome: 'ended' });
      await source.close();
    });

    it.each([1, 7, 100_000])('gives many records in order, %i at a time', async (max) => {
      const source = await open(many);
      const { values, outcome } = await drain(source.partitions[0]!, max);
      expect(outcome).toBe('ended');
      expect(values).toEqual(many);
      await source.close();
    });

    it('stays at its end', async () => {
      const source = await open(['rain']);
      const partition = source.partitions[0]!;
      await drain(partition);
      await woken(partition);
      const values: unknown[] = [];
      expect(partition.take(values, 10)).toBe('ended');
      expect(values).toEqual([]);
      await source.close();
    });

    it('wakes the latest waiter only', async () => {
      const source = await open(many);
      const partition = source.partitions[0]!;
      while (partition.take([], 1_000_000) === 'more');
      let wakes = 0;
      partition.onReady(() => wakes++);
      const before = wakes;
      await woken(partition);
      expect(wakes).toBe(before);
      await source.close();
    });

    it('closes before anything was read, and in the middle', async () => {
      await (await open(many)).close();
      const source = await open(many);
      await woken(source.partitions[0]!);
      source.partitions[0]!.take([], 10);
      await source.close();
    });
  });
}
