/** Lessons about the two execution models: how records move and what that costs. */
import type { Lesson } from './lessons.js';

export const MODEL_LESSONS = {
  'micro-batch': {
    title: 'records wait for the next tick, then all of them are processed at once',
    text: `
Spark Streaming's model. A clock ticks each batch interval. At a tick, everything
that was received since the last one becomes a batch; the batch runs as one job of
stages over partitions, and its results are committed together.

  records  . .. .  ...  . .|  . ..   . .|
  clock            tick n  |   tick n+1 |
  jobs                     [ batch n ]  [ batch n+1 ]

A record waits half an interval on average before anything happens to it, so with an
interval B and a processing time P the latency is about B/2 + P in the median and B + P
at worst. In return, the cost of scheduling, committing and acknowledging is paid once
for each batch, not once for each record.

If P grows beyond B, batches queue: the scheduling delay rises without end. That is
the sign of overload to look for in the summary of 'raingauge run --mode micro-batch'.`,
    see: ['record', 'batch-interval', 'latency'],
  },
  record: {
    title: 'each record moves through the topology on its own, as soon as it arrives',
    text: `
Storm's model, also called event-driven or tuple at a time. Spouts emit tuples, bolts
take one, do something, emit others and acknowledge. Nothing waits for a clock.

  spout --> bolt a --> bolt b --> sink
     \\_________\\__________\\____ acker

The latency of a record is the sum of its service times and of its time in queues,
usually far below a millisecond. The price is paid for each record: handing it over
between tasks and tracking it for a replay.

raingauge hands over blocks of records. A block holds one record when little is going
on, and grows by itself under load, so that the price falls when it matters.

Windows are no sooner: a window's result can only come after the window has ended, in
both models.`,
    see: ['micro-batch', 'acker', 'backpressure'],
  },
  'batch-interval': {
    title: 'the length of a batch, and of each interval of stream time',
    text: `
The one number that Spark Streaming's users tune first. In raingauge it belongs to the
job, not to the mode: operators that work per batch in Spark (reduceByKey, count,
updateStateByKey) mean "per interval of stream time" in both modes, so that both give
the same answer.

  topology('job', { batchInterval: seconds(0.5) }, (t) => { ... })
  raingauge compare job.ts --batch-interval 2s

A short interval: low latency, more batches, more overhead in each second.
A long interval:  cheap, but every record waits half of it on average.

Windows and slides must be multiples of it. Record mode is not slowed down by it: it
emits per-record results at once, and per-interval results when the interval ends.

To see what it costs, compare with several: the micro-batch latency grows with the
interval in a straight line, the record mode's stays where it is.`,
    see: ['micro-batch', 'window', 'latency', 'RG012'],
  },
  latency: {
    title: 'from the moment a record was due until its result reached the sink',
    text: `
A result's latency is measured from the intended time of its record: the time at which
the load driver was to send it, not the time at which it got around to it. A system that
stalls for a second delays all the records of that second; to count from the actual
sending would hide exactly these (coordinated omission).

  per-record results:  hand-over to the sink - intended time of the record
  windowed results:    hand-over to the sink - end of the window

The two are never mixed in one figure: a windowed result of a 5 s window would look as
if it took 5 s, when it took microseconds after the window had ended.

What to expect: micro-batch about B/2 + P in the median and B + P at worst, where B is
the batch interval and P the time of a batch; record mode queueing plus service time.

A percentile is printed only when there are enough samples for it, and with <= in front
where the driver's own lateness is more than a tenth of the figure.`,
    see: ['throughput', 'batch-interval', 'RG061'],
  },
  throughput: {
    title: 'the highest rate that a mode can keep up',
    text: `
'compare' drains the whole input as fast as each mode takes it, several times, the modes
in turn, and prints the median of records per second.

Micro-batch usually wins: for each batch it pays once for scheduling, commit and
bookkeeping. Record mode pays for each record: handing over and acking. How much acking
costs is measured and printed too: it is the ratio of the rates with and without.

Throughput and latency are different questions. At the highest rate every queue is
full, so a latency that is measured there says only how long the queues are. That is why
latencies come from a second run at a fixed, lower rate.

Numbers from one laptop compare the two models with each other. They say little about
a cluster, where the network and the slowest machine come in.`,
    see: ['latency', 'acker', 'chaining'],
  },
  chaining: {
    title: 'operators that need no exchange between them run in one call',
    text: `
map, filter and flatMap look at one record at a time. A row of them is fused to a single
function, with no queue and no array between them. Where records must be regrouped by
key, the chain is cut, and an exchange takes them to the task that owns their key.

  lines -> flatMap -> filter -> map  =>  running
  [ one chain, one task           ]  ^   [ next chain ]
                                     exchange by key

With one task on both sides there is nothing to exchange, so raingauge joins those
chains as well. --no-chaining keeps the exchange: it shows what a hand-over between
tasks costs, in both modes.

'raingauge explain JOB' draws the chains: what stands in one stage runs in one call.

Spark calls it pipelining within a stage; Storm leaves it to the user (or to Trident),
Flink has the same word.`,
    see: ['shuffle', 'throughput'],
  },
  shuffle: {
    title: 'records with the same key must meet in the same place',
    text: `
Micro-batch: at the end of a stage each partition writes its records into one bucket for
each partition of the next stage, by the hash of the key. If the values are reduced
anyway, they are reduced before the shuffle as well (map-side combine): then one value
for each key crosses, not one for each record.

Record mode: a fields grouping sends each tuple to the task that owns its key, at once.
There is no batch over which to combine, so each record crosses on its own.

  partition 0 --\\ /--> key a, c
                 X
  partition 1 --/ \\--> key b, d

That is one honest reason why micro-batch has the higher throughput on aggregations, and
why a hot key hurts record mode sooner.

Both use the same hash and the same key groups, so a key's state is on task k of n in
both modes.`,
    see: ['grouping', 'chaining', 'RG033'],
  },
  grouping: {
    title: 'how the tuples of a stream are spread over the tasks of a bolt',
    text: `
Storm's word for an exchange. Said by the bolt that reads:

  shuffleGrouping(stream)           evenly, in turn; { loadAware: true } spares slow workers
  localOrShuffleGrouping(stream)    the same among tasks on this worker, if there are any
  noneGrouping(stream)              at random
  fieldsGrouping(stream, 'word')    equal values of these fields to the same task
  partialKeyGrouping(stream, 'word')   to the less used of the two tasks of a key
  customGrouping(stream, create)    your function chooses
  allGrouping(stream)               every task gets every tuple
  globalGrouping(stream)            the first task gets all of them
  directGrouping(stream)            the producer chooses, with emitDirect

State by key needs a fields grouping on that key: with a shuffle grouping every task
would count a part of each word.

  const counts = t.setBolt('counts', () => new CountBolt(), { parallelism: 4 })
    .fieldsGrouping(words, 'word');

The keyed operators of streams (reduceByKey, runningReduce, ...) do this by themselves,
by the first part of a pair.`,
    see: ['shuffle', 'anchoring', 'RG018'],
  },
  backpressure: {
    title: 'what happens when records come faster than they are processed',
    text: `
Something has to give: queues grow, records are dropped, or the source is slowed down.
raingauge never has an unbounded queue and never drops, so it slows the source.

Record mode: an edge between tasks is a ring of fixed size. A full ring stops the task
that fills it, which stops the one before it, up to the spout. A spout also stops when
maxSpoutPending of its tuples are not yet processed.

Micro-batch: a receiver stops reading when too many records wait for their batch; a
direct source (a file, a generator) is read in ranges anyway. Before that happens, the
scheduling delay grows: batches wait for the ones before.

A source that cannot wait, such as a sensor, then loses data outside of raingauge.
So keep the load below the highest rate that 'compare' prints; 70 % of it is a habit
that serves well.`,
    see: ['throughput', 'latency', 'acker'],
  },
  'concurrent-jobs': {
    title: 'how many batches run at once on workers',
    text: `
On workers the next batch is sent while the one before runs, so that workers do not wait
for the driver. Results, commits and checkpoints keep the order of batches all the same.

--concurrent-jobs N (Spark: spark.streaming.concurrentJobs, 1) lets the jobs of N batches
run at once. It helps where a stage without state has fewer tasks than there are workers:
such a task then has another worker in each of N batches. A task with state stays where
its state is, and takes batch after batch, whatever N is.

In Spark more than 1 loses the order of output. Here it does not; it costs memory for the
batches that are under way.`,
    see: ['speculation', 'micro-batch', 'throughput'],
  },
  speculation: {
    title: 'a slow task gets a twin on another worker',
    text: `
One slow worker makes a whole batch late. With --speculation (Spark: spark.speculation)
micro-batch mode looks every 100 ms for tasks that run for longer than 1.5 times the
median of their stage, once three quarters of its tasks are done. Such a task is given to
another worker too. The first result counts; nothing is ever seen of the other.

A task with state has no twin: its state is on one worker, and a twin would have to make
it again first. Tasks in front of a window, a running reduce or a join usually have none.

It needs two workers, and functions that give the same for the same input.`,
    see: ['concurrent-jobs', 'recovery', 'micro-batch'],
  },
  oracle: {
    title: 'the naive, sequential evaluation that judges both modes',
    text: `
That two modes agree proves little if both share a bug. So 'compare' evaluates the job a
third time: an evaluator that is as simple as possible, goes through all records one
after the other, computes each window anew from all records, and shares no code with the
engines apart from your functions.

It reads the graph as you wrote it, before it is planned, so that a mistake of the planner
shows as well.

  verdict.same     micro-batch and record mode gave the same answer
  verdict.oracle   and the oracle gave that answer too

What is demanded depends on the operator: stateless results as multisets (in the order of
each partition), windows as sets of (key, window end, value), state as the final value of
each key.

A disagreement ends with exit code 3 and shows the first key and window that differ.`,
    see: ['RG060', 'RG061', 'guarantee'],
  },
} satisfies Readonly<Record<string, Lesson>>;
