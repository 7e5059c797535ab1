/** A latency distribution in few numbers: counts on a logarithmic axis, from which the report draws its small pictures. */

/** Buckets to a factor of ten. */
export const BUCKETS_PER_DECADE = 6;
/** The axis runs from 1 us over this many factors of ten; what is beyond counts to the outermost bucket. */
const DECADES = 8;

/** Counts latencies (us). Bucket i holds those from 10^(i / 6) us on. */
export class LatencyPicture {
  readonly counts: number[] = Array(BUCKETS_PER_DECADE * DECADES).fill(0);

  add(latency: number): void {
    const bucket = latency < 1 ? 0 : Math.floor(Math.log10(latency) * BUCKETS_PER_DECADE);
    this.counts[Math.min(bucket, this.counts.length - 1)]!++;
  }
}

const HEIGHTS = '▁▂▃▄▅▆▇█';

/** The buckets from `from` to `to` as a line of bars; an empty bucket is a space, any sample at least the lowest bar. */
export function drawBars(counts: readonly number[], from: number, to: number): string {
  const shown = counts.slice(from, to + 1);
  const highest = Math.max(...shown, 1);
  const bars = shown.map((count) => (count === 0 ? ' ' : HEIGHTS[Math.ceil((count / highest) * HEIGHTS.length) - 1]));
  return bars.join('').trimEnd();
}

/** The first and the last bucket that any of the pictures uses, or undefined when all are empty. */
export function commonAxis(pictures: readonly (readonly number[])[]): readonly [from: number, to: number] | undefined {
  const used = pictures.flatMap((counts) => counts.flatMap((count, bucket) => (count > 0 ? [bucket] : [])));
  return used.length === 0 ? undefined : [Math.min(...used), Math.max(...used)];
}
