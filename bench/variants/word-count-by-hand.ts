/** Word count without the engine: a loop, raw RxJS, and a batch that makes an array for each operator. */
import { from, map, mergeMap, Subject, scan } from 'rxjs';
import { makeLines } from '../lines.js';
import { checksumOf, collectGarbage, type Measurement, startTimer, type VariantInput } from '../measurement.js';

interface Box {
  n: number;
}

/** Lines of one batch. */
const BATCH = 10_000;

/** The reference: `split(' ')` and one `Map` of boxes. */
export function handLoop(input: VariantInput): Measurement {
  return measured(input, (lines) => {
    const counts = new Map<string, Box>();
    for (const line of lines) {
      const words = line.split(' ');
      for (let i = 0; i < words.length; i++) {
        const word = words[i]!;
        const box = counts.get(word);
        if (box === undefined) counts.set(word, { n: 1 });
        else box.n++;
      }
    }
    return counts;
  });
}

/** RxJS as a graph of tasks: a `Subject` for each of the three edges, each operator a subscriber that calls `next`. */
export function rxSubjects(input: VariantInput): Measurement {
  return measured(input, (lines) => {
    const counts = new Map<string, Box>();
    const source = new Subject<string>();
    const words = new Subject<string>();
    const pairs = new Subject<readonly [string, number]>();
    source.subscribe((line) => {
      const split = line.split(' ');
      for (let i = 0; i < split.length; i++) words.next(split[i]!);
    });
    words.subscribe((word) => pairs.next([word, 1]));
    pairs.subscribe(([word, one]) => add(counts, word, one));
    for (const line of lines) source.next(line);
    source.complete();
    return counts;
  });
}

/** RxJS as its documentation writes it. */
export function rxPipe(input: VariantInput): Measurement {
  return measured(input, (lines) => {
    const counts = new Map<string, Box>();
    from(lines)
      .pipe(
        mergeMap((line) => line.split(' ')),
        map((word) => [word, 1] as const),
        scan((all, [word, one]) => add(all, word, one), counts),
      )
      .subscribe();
    return counts;
  });
}

/** The limit of a micro-batch that combines: one loop without arrays, a `Map` for the batch, then one for all. */
export function combineLoop(input: VariantInput): Measurement {
  return measured(input, (lines) => {
    const counts = new Map<string, Box>();
    for (let start = 0; start < lines.length; start += BATCH) {
      const reduced = new Map<string, Box>();
      for (const line of lines.slice(start, start + BATCH)) for (const word of line.split(' ')) add(reduced, word, 1);
      for (const [word, { n }] of reduced) add(counts, word, n);
    }
    return counts;
  });
}

/** A batch at a time, the naive way: each operator makes the array that the next one reads. */
export function arrayBatch(input: VariantInput): Measurement {
  return measured(input, (lines) => {
    const counts = new Map<string, Box>();
    for (let start = 0; start < lines.length; start += BATCH) {
      const batch = lines.slice(start, start + BATCH);
      const words: string[] = [];
      for (const line of batch) for (const word of line.split(' ')) words.push(word);
      const pairs: (readonly [string, number])[] = [];
      for (const word of words) pairs.push([word, 1]);
      const reduced = new Map<string, Box>();
      for (const [word, one] of pairs) add(reduced, word, one);
      for (const [word, { n }] of reduced) add(counts, word, n);
    }
    return counts;
  });
}

function add(counts: Map<string, Box>, word: string, by: number): Map<string, Box> {
  const box = counts.get(word);
  if (box === undefined) counts.set(word, { n: by });
  else box.n += by;
  return counts;
}

function measured({ lines, seed }: VariantInput, count: (lines: readonly string[]) => Map<string, Box>): Measurement {
  const input = makeLines(lines, seed);
  collectGarbage();
  const stop = startTimer();
  const counts = count(input);
  const time = stop();
  return { ...time, count: lines, checksum: checksumOf([...counts].map(([word, { n }]) => [word, n] as const)) };
}
