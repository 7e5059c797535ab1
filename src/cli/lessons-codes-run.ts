/** Lessons about the error codes of running, comparing and the machine. */
import type { Lesson } from './lessons.js';

export const RUN_LESSONS = {
  RG030: {
    title: 'your function threw',
    text: `
The error shows the operator's uid and the line of yours that threw. The record was tried
attemptsMax times (4), in both modes: micro-batch runs the task again, record mode replays
the tuple.

By default the job then fails (onError: 'fail'). With onError: 'dead-letter' the record is
set aside and counted, and the job goes on:

  topology('job', { onError: 'dead-letter' }, (t) => { ... })

A function that makes a spout, a bolt or a grouping is called for each task before the first
record, and not again: if it throws, the job fails at once.`,
    see: ['replay', 'RG035'],
  },
  RG031: {
    title: 'operators are synchronous',
    text: `
The function returned a promise: it is async, or it forgot an await inside. Only mapAsync
and mapValuesAsync wait for what they call:

  .mapAsync(async (id) => fetchOrder(id), { concurrency: 16, timeout: seconds(2) })

Or look things up before: load a table at the top of the job and use it from memory.`,
    see: ['RG032', 'RG065'],
  },
  RG065: {
    title: 'a call that took too long',
    text: `
A call of mapAsync or mapValuesAsync did not end within its timeout (10 s unless the
operator says otherwise). It counts as a call that failed: it is made again, attemptsMax
times (4) in all, and then onError decides. Its answer is not heard any more, but whoever
was called may still be working on it.

Raise the timeout; or lower concurrency, if so many calls at a time are more than the
other side can answer. Under simulate and in the test kit time is virtual: a call that
waits for the real world, for a timer or a socket, takes too long there at once.`,
    see: ['RG031', 'RG035'],
  },
  RG066: {
    title: 'state that only grows',
    text: `
runningReduce, updateStateByKey, mapWithState, process and stateful bolts keep a state for
each key, and none of them forgets a key by itself. Where keys never come again (ids of
sessions, of requests) that state grows until memory is full. So each task keeps at most
maxKeys keys, 10,000,000 unless the operator or the job says otherwise; one more is this
error. With onError: 'dead-letter' the record that would have opened it is set aside. As
micro-batches, and exactly-once, nothing stays of it; else record mode keeps what it emitted
before, so set a state first and emit then.

Timers of process have the same limit: at most maxKeys keys have any. So have the totals that
keepEmptyKeys keeps when their records have left the window: without it keys leave too.

  updateStateByKey      return undefined: the key is removed
  mapWithState          state.remove(), or timeout: minutes(30)
  process               setState(undefined), from onTimer when the key has been silent
  a stateful bolt       state.delete(key), for example at a tick
  runningReduce         never removes: use reduceByKeyAndWindow, or mapWithState

Keys that must all be kept: raise maxKeys, use more partitions, or --state lmdb, which keeps
state on the disk.`,
    see: ['RG033', 'RG038'],
  },
  RG032: {
    title: 'a result of the wrong shape',
    text: `
flatMap must return something iterable, a keyed operator needs pairs [key, value], and
filter a boolean. TypeScript tells you before; in JavaScript, or behind an 'any', it shows
at run time.

  .map((word) => [word, 1] as const)      a pair: keyed operators follow
  .flatMap((line) => line.split(' '))     an array

A function that makes a spout gives an object with nextTuple, one that makes a bolt gives one
with execute, and one that makes a grouping gives one with chooseTasks. A class is made with
new: () => new Splitter()`,
    see: ['RG031', 'RG033'],
  },
  RG033: {
    title: 'equal keys must be equal',
    text: `
A key is a string, a number, a boolean, a bigint, null, or a tuple of these. An object is
refused: two objects with the same content are different, so every record would have a
key of its own.

  keyBy((order) => order.customerId)
  keyBy((order) => [order.country, order.city])     a tuple counts by its content`,
    see: ['shuffle'],
  },
  RG034: {
    title: 'a time that is none',
    text: `
extract must return a finite, whole number of microseconds. Date.now() and Date.parse()
give milliseconds: multiply by 1000. NaN mostly means that a date could not be parsed.`,
    see: ['timestamps'],
  },
  RG035: {
    title: 'a record that failed every time',
    text: `
A record was tried attemptsMax times and failed each time: by an error in a function, by a
bolt that failed it, or by a timeout. If trees time out under load, the message timeout is
shorter than the time in queues: raise it (--message-timeout), or lower maxSpoutPending.

onError: 'dead-letter' sets such records aside; the result lists the first hundred.`,
    see: ['replay', 'RG030', 'backpressure'],
  },
  RG037: {
    title: 'an inverse function that is no inverse',
    text: `
A window with an inverse keeps a running total: what enters is put in by reduce, what
leaves is taken out by inverse. So inverse(reduce(a, b), b) must be a, for all values:

  reduce: (a, b) => a + b,   inverse: (total, left) => total - left
  reduce: Math.max,          no inverse: a maximum does not say what was below it

With checkInverse: true each reduce tries it, and the first failure ends the job. Numbers
may differ by rounding. Leave checkInverse out when it passes: it costs a call each time.`,
    see: ['window', 'RG032'],
  },
  RG038: {
    title: 'a state that is not there, or cannot be changed now',
    text: `
mapWithState hands out each key's state: get() needs one that exists, update() and remove()
one that may still be changed. A call with isTimingOut() has the state for the last time:
it is gone afterwards, whatever the function does. After remove() it is gone already.

  map: (key, value, state) => {
    if (state.isTimingOut()) return [key, state.get()];
    state.update((state.getOption() ?? 0) + value);
  }`,
    see: ['RG032', 'RG034'],
  },
  RG039: {
    title: 'a custom grouping chooses among the tasks of its bolt',
    text: `
chooseTasks(values) returns the number of a task, or a list of them, from 0 to one less
than the parallelism of the bolt that reads. An empty list drops the tuple. prepare() is
told how many tasks there are. After a bad choice the tuple fails, and after attemptsMax
deliveries onError decides.

  bolt.customGrouping(words, () => {
    let tasks = 1;
    return {
      prepare: (info) => { tasks = info.tasks; },
      chooseTasks: ({ word }) => word.length % tasks,
    };
  })`,
    see: ['grouping', 'RG018', 'RG036'],
  },
  RG036: {
    title: 'a bolt and its collector',
    text: `
A tuple is acked or failed once. This bolt did it twice, or emitted to a stream that it
does not declare, or used emit on a direct stream. In Storm a second ack silently breaks
the XOR of the tree, so that it times out; raingauge tells you.

Ack at the end of execute, after the emits, on every path, also where nothing is emitted.`,
    see: ['acker', 'anchoring'],
  },
  RG050: {
    title: 'something is not installed',
    text: `
This needs a package or a tool that raingauge does not bring along. The error names it and
how to get it. 'raingauge doctor' lists the optional tools that were found.`,
    see: ['RG051'],
  },
  RG051: {
    title: 'Node.js is too old',
    text: `
raingauge needs Node.js 20.19 or newer. 'node --version' shows yours; https://nodejs.org
has current ones.`,
    see: ['RG050'],
  },
  RG060: {
    title: 'two answers to one question',
    text: `
The two modes, or a mode and the oracle, gave different results for the same input. The
first differing key and window are shown. Before you suspect raingauge:

1. Is a function pure? A clock, a random number, a counter outside, or a changed argument
   gives another answer each time it is called.
2. Is 'reduce' associative, and commutative if a key comes from several partitions?
3. Does 'inverse' undo 'reduce'? inverse(reduce(a, b), b) must be a.
4. Does the result depend on the order between keys or sources? That order is free.

If all that holds it is a bug of ours: please report it with the seed.`,
    see: ['oracle', 'window'],
  },
  RG061: {
    title: 'numbers that should not be quoted',
    text: `
The answer may be right, but the measurement is not worth quoting: less than 99 % of the
offered rate was achieved, records were dropped, or the load driver itself was late (p99
above 5 ms), so that latencies would be the driver's.

Lower the --rate, close what else is running, and look at 'raingauge doctor'. A virtual
machine with noisy neighbours may never give a valid run.`,
    see: ['latency', 'throughput'],
  },
  RG070: {
    title: 'nothing is written among files of somebody else',
    text: `
'raingauge init DIR' makes a new folder or fills an empty one. It never overwrites: choose
another name, or empty the folder yourself.

The folder of '--sink NAME=file:FOLDER' may hold the part- files of an earlier run, which the
next run may overwrite, and nothing else.`,
    see: [],
  },
} satisfies Readonly<Record<string, Lesson>>;
