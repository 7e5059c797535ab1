/** The word counts of the bench that run on workers, which load them from here by name. The driver reads their source. */
import { type KeyedStream, type Topology, topology } from 'raingauge';
import { foreach, none } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';

/** What the sink of `roundRobin` was given, by word: in the driver, where sinks are. */
export const counts = new Map<string, { n: number }>();

/** Each of two tasks counts the words of its lines of a batch; what both counted is added up behind it. */
export const roundRobin: Topology = wordCount(2, mergedCount);

/** The same over one partition: one chain that counts every word where its line is split. */
export const onePartition: Topology = wordCount(1, mergedCount);

/** Every word goes to the task of its key. Nothing is combined before, and the counts are read at the end. */
export const keyed: Topology = wordCount(2, (words) =>
  words
    .process<number, never>({
      uid: 'counts',
      onRecord: (n, context) => context.setState((context.state ?? 0) + n),
    })
    .to('out', none()),
);

function mergedCount(words: KeyedStream<string, number>): void {
  words
    .reduceByKey((a, b) => a + b)
    .to(
      'out',
      foreach(([word, n]) => {
        const box = counts.get(word);
        if (box === undefined) counts.set(word, { n });
        else box.n += n;
      }),
    );
}

function wordCount(partitions: number, count: (words: KeyedStream<string, number>) => void): Topology {
  return topology('word-count', (t) => {
    const words = t
      .source('lines', memory.partitions<string>(Array.from({ length: partitions }, () => [])))
      .flatMap((line) => line.split(' '))
      .map((word) => [word, 1] as const);
    count(words);
  });
}
