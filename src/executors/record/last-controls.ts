/** Watermarks and ends that went over edges, for a task that comes back without having seen them. */
import type { EdgeRows } from './messages.js';
import { END, WATERMARK } from './ring.js';

/** The last of each kind, by edge. */
export class LastControls {
  readonly #watermarks = new Map<number, number>();
  readonly #ends = new Map<number, readonly [finalWatermark: number, highest: number]>();

  remember({ edge, times, ids }: EdgeRows): void {
    for (let i = 0; 4 * i < ids.length; i++) {
      const kind = ids[4 * i]!;
      if (kind === WATERMARK) this.#watermarks.set(edge, times[2 * i]!);
      else if (kind === END) this.#ends.set(edge, [times[2 * i]!, times[2 * i + 1]!]);
    }
  }

  /** What a task must be told that reads this edge from now on; undefined when there is nothing. */
  rowsFor(edge: number): EdgeRows | undefined {
    const rows: (readonly [kind: number, first: number, second: number])[] = [];
    const watermark = this.#watermarks.get(edge);
    if (watermark !== undefined) rows.push([WATERMARK, watermark, Number.NaN]);
    const end = this.#ends.get(edge);
    if (end !== undefined) rows.push([END, ...end]);
    if (rows.length === 0) return undefined;
    return {
      edge,
      count: rows.length,
      values: { kind: 'values', values: rows.map(() => undefined) },
      times: Float64Array.from(rows.flatMap(([, first, second]) => [first, second])),
      ids: Int32Array.from(rows.flatMap(([kind]) => [kind, 0, 0, 0])),
    };
  }
}
