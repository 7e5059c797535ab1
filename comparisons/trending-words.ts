/** The words of the last five seconds that are used most: of Moby Dick, into whose middle a word was planted that then trends. */
import { readFileSync } from 'node:fs';
import { seconds, topology } from 'raingauge';
import { stdout } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';
import { mobyDick } from './moby-dick.js';

/** What is planted. */
export const PLANTED = 'hurricane';
/** The stretch of the book in which it is: from the first of these shares of the lines to the second. */
export const STRETCH = [0.4, 0.6] as const;
/** Shorter words are in every window and tell nothing. */
const LETTERS_MIN = 6;

/** The paragraphs of the book; those of the stretch with one word more. */
export function plantedLines(): readonly string[] {
  const lines = mobyDick().flatMap((file) => readFileSync(file, 'utf8').split('\n'));
  const [from, to] = STRETCH.map((share) => Math.floor(share * lines.length)) as [number, number];
  return lines.map((line, i) => (i >= from && i < to ? `${line} ${PLANTED}` : line));
}

export default topology('trending-words', { batchInterval: seconds(0.5) }, (t) => {
  t.source('lines', memory(plantedLines()))
    .flatMap((line) => line.toLowerCase().split(/[^a-z]+/))
    .filter((word) => word.length >= LETTERS_MIN)
    .countByValueAndWindow({ uid: 'counts', window: seconds(5), slide: seconds(1) })
    .top({ uid: 'top', max: 5, by: ([, count]) => count })
    .to('trends', stdout());
});
