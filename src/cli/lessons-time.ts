/** Lessons about stream time: windows, watermarks, late records. */
import type { Lesson } from './lessons.js';

export const TIME_LESSONS = {
  window: {
    title: 'a stretch of stream time over which records are reduced',
    text: `
A window has a length and a slide: every slide, a result over the last length.

  reduceByKeyAndWindow({ window: seconds(5), slide: seconds(1), reduce, inverse })

  panes      | a | b | c | d | e | f |
  window 1   [-------------------]        a result at its end
  window 2       [-------------------]    one slide later

Windows are [start, end): a record at exactly the end belongs to the next one. Ends are
multiples of the slide. The first windows are partial, since nothing came before them.

With 'inverse' the total is not computed anew: what entered is added, what left is taken
away. Then a slide costs what changed, not the window's length. It must hold that
inverse(reduce(a, b), b) is a: true for sums, false for a maximum.

A result carries the timestamp end - 1, so that a further window counts it to its own
interval. It is made when the watermark reaches the end, in both modes.`,
    see: ['watermark', 'slide', 'RG012'],
  },
  slide: {
    title: 'how often a stream can bring results per interval',
    text: `
Every stream has a slide: a source the batch interval, a windowed stream its own, any
other that of its parent.

  source               slide 500 ms   (the batch interval)
  .map(...)            slide 500 ms
  .reduceByKeyAndWindow({ window: 5 s, slide: 1 s })
                       slide 1 s
  .reduceByKey(...)    reduces each second

A window and its slide must be multiples of the parent's slide: with a batch interval of
2 s, a window of 7 s would end in the middle of a batch, and micro-batch could not know
its content. raingauge demands it in both modes, as Spark does, so that the same job runs
in both.

Streams that are united must have the same slide, or "per interval" would mean two
things at once.`,
    see: ['window', 'batch-interval', 'RG012', 'RG021'],
  },
  watermark: {
    title: 'a promise that nothing earlier will come',
    text: `
A watermark W says: no later record of this partition has a timestamp below W. So when
the watermark reaches a window's end, its result can be made.

  records  1   4   3   7   9        maxOutOfOrderness 2
  mark    -1   2   2   5   7        highest so far - 2

It is made at the source, one for each partition, and travels with the records, behind
those that it covers. A task with several inputs goes by the lowest of them; a partition
that has ended no longer counts.

When nothing comes, nothing would move. So a source that stamps records on arrival also
sends a heartbeat at each multiple of the batch interval. With timestamps of your own,
idleTimeout says after how much silence the clock may go on.

Micro-batch uses the very same watermarks, within its batches: that is why the answers of
both modes are equal, and not just similar.`,
    see: ['late', 'window', 'timestamps'],
  },
  timestamps: {
    title: 'when a record happened, as against when it arrived',
    text: `
Without further words a record gets its time when it is read. With timestamps() it brings
its own:

  t.source('clicks', textFile('clicks.json')).map(JSON.parse)
   .timestamps({ extract: (click) => click.at * 1000, maxOutOfOrderness: seconds(2) })

extract returns microseconds. maxOutOfOrderness is how much later than a newer record an
older one may come; it is also how long each window waits. What comes even later is late.

It must stand before the first grouping, once on each path from a source: a record's time
is decided once, so that both modes and every operator go by the same.

idleTimeout: a source that is silent that long no longer holds the windows up.`,
    see: ['watermark', 'late', 'RG020', 'RG034'],
  },
  late: {
    title: 'a record that comes after the watermark has passed its time',
    text: `
Whether a record is late is decided once, at its source partition: its timestamp is below
that partition's own watermark at that place. A record at exactly the watermark is in time.

  const clicks = source.timestamps({ extract, maxOutOfOrderness: seconds(2) });
  clicks.late.to('late', stdout());       // they are not lost

Late records are counted and go to the side output 'late'. Nothing downstream decides
about lateness again, so both modes count the same records as late. (In Spark and Storm
it depends on timing, which is why their results can differ from run to run.)

Too many late records: raise maxOutOfOrderness. Every window then waits that much longer:
completeness is paid with latency, here as everywhere.`,
    see: ['watermark', 'timestamps'],
  },
} satisfies Readonly<Record<string, Lesson>>;
