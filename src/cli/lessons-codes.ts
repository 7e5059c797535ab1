/** Lessons about the error codes of job files and topologies. */
import type { Lesson } from './lessons.js';

export const JOB_LESSONS = {
  RG001: {
    title: 'no such job file',
    text: `
JOB is the path of a .ts or .js file, from the folder that you are in. With several
topologies in one file, #NAME picks an export: jobs/words.ts#windowed.

  raingauge run jobs/words.ts --mode record

A folder is no job, and inputs such as book.txt are given by --source, not as JOB.`,
    see: ['RG002', 'RG003'],
  },
  RG002: {
    title: 'no topology there',
    text: `
A job file exports what topology() returns, by default or by name:

  export default topology('words', (t) => { ... });      raingauge run job.ts
  export const windowed = topology('windowed', ...);     raingauge run job.ts#windowed

The error lists the names that the file does export. A function that makes a topology is
none itself: export what it returns.`,
    see: ['RG001'],
  },
  RG003: {
    title: 'the job file threw',
    text: `
The file was found, but it threw while it was imported, or it is not valid TypeScript, or
it imports what cannot be found. The error shows the line.

A job file only describes: it should open nothing, wait for nothing and read no file at
the top level. Sources and sinks are opened when the job runs, and workers import the file
again, so what happens at the top level happens more than once.

Types are stripped, not checked: run tsc --noEmit for that.`,
    see: ['RG001', 'RG002'],
  },
  RG004: {
    title: 'a word that the command line does not know',
    text: `
A command, flag, mode, topic or another word from a fixed list is misspelt. The error
names the nearest one. 'raingauge COMMAND --help' lists the flags of a command.

Flags belong behind the command: raingauge run job.ts --mode record.
Each flag can be set in the environment too: --batch-interval is
RAINGAUGE_BATCH_INTERVAL. A flag on the command line wins.`,
    see: ['RG010', 'RG011'],
  },
  RG005: {
    title: 'no source or sink of that name',
    text: `
--source NAME=URI and --sink NAME=URI replace an end of the job by the name that it has
there:

  t.source('lines', textFile('book.txt'))     --source lines=tcp://localhost:9999
   .to('counts', stdout())                    --sink counts=none:

'raingauge graph JOB' shows all names. Spouts are code and cannot be replaced.`,
    see: ['RG006'],
  },
  RG006: {
    title: 'a URI that names no source or sink',
    text: `
Sources: file:PATH, tcp://HOST:PORT, stdin:, generate:words, generate:numbers, none:
Sinks:   file:FOLDER, stdout: and none:

  --source lines=file:book.txt
  --source lines=generate:words?count=10000
  --source lines=tcp://localhost:9999      (start it with: nc -lk 9999)
  --source lines=stdin:                    (cat book.txt | raingauge run ...)
  --sink counts=none:

A path is taken from the folder that you are in.`,
    see: ['RG005', 'RG040', 'RG043'],
  },
  RG010: {
    title: 'a duration needs a number and a unit',
    text: `
On the command line: 500ms, 2s, 1.5m, 1h or 250us. A bare 5 is refused, since Spark means
milliseconds by it and Storm seconds.

In code: seconds(0.5), millis(250), minutes(1), micros(100). A bare number does not
compile. Inside, a duration is a whole number of microseconds.`,
    see: ['batch-interval', 'RG011'],
  },
  RG011: {
    title: 'a number, rate or limit out of range',
    text: `
Counts are whole numbers from 1 on; k and M are understood: --records 10k. A rate is in
records a second, for each source: --rate 2000, 5k, 5k/s. A seed is a whole number from 0
on. Parallelism is 1 to 128; more tasks than cores only cost time.

A metric of a spout or bolt takes finite numbers, and a gauge gives one. A task has 200
metrics at most: a name such as 'user-17' would make one more for each user.`,
    see: ['RG010'],
  },
  RG012: {
    title: 'a window must consist of whole slides of its parent',
    text: `
Results per interval exist at multiples of a stream's slide, so a window over them can
begin and end at such multiples only. With a batch interval of 2 s:

  window 6 s, slide 2 s    fine
  window 7 s               would end in the middle of a batch

Choose a multiple (the error names the two nearest), or a shorter batch interval. The rule
is Spark's; it holds in both modes, so that the same job runs in both.`,
    see: ['slide', 'window', 'batch-interval'],
  },
  RG013: {
    title: 'nothing comes in, or nothing goes out',
    text: `
A topology needs a source or a spout, and a sink or a bolt at its end: without an end
nothing would ever be computed (Spark says: no output operations registered).

  t.source('lines', textFile('book.txt'))
   .map((line) => line.length)
   .to('lengths', stdout());

Requests need an answer, and answers a request: http({ port, reply: true }) and the sink
reply() go together.`,
    see: ['RG016'],
  },
  RG014: {
    title: 'every operator needs a name of its own',
    text: `
A uid names an operator's state in checkpoints, its figures in statistics, and itself in
errors; --source and --sink find ends by their names. So each may occur once.

  words.reduceByKey({ uid: 'counts', reduce })
  pairs.reduceByKey({ uid: 'pair-counts', reduce })

Leave uid out and one is made from the position, which changes when you insert an
operator: give one to what keeps state.`,
    see: ['RG022'],
  },
  RG015: {
    title: 'streams flow one way',
    text: `
A bolt reads a stream that depends on the bolt itself. A topology is a graph without
cycles: watermarks and batches need an order from sources to sinks, and a tuple tree with
a cycle might never be done.

Feedback goes through the outside: write to a sink that a source reads.`,
    see: ['grouping'],
  },
  RG016: {
    title: 'a stream that leads nowhere',
    text: `
An operator's results are read by nobody, or an operator reads a stream of another
topology. Mostly a .to(...) was forgotten, or a variable that holds a stream is not used:

  const words = lines.flatMap(split);
  words.map(pair).to('pairs', stdout());   // without this line: RG016

Each arm of a branch has a stream of its own; one that nobody wants ends in none().
A low-level bolt may be an end itself.`,
    see: ['RG013'],
  },
  RG017: {
    title: 'the chain is weaker than what was asked of it',
    text: `
The job declares a guarantee that its source, an operator or a sink cannot give. The error
says which part and why; 'raingauge explain JOB' shows all parts.

Either ask for less (guarantee: 'at-least-once'), or replace the part: a file in place of
a socket, textFile in place of stdout, the operators of streams in place of bolts.`,
    see: ['guarantee', 'exactly-once'],
  },
  RG018: {
    title: 'a grouping must fit the stream',
    text: `
A bolt reads a stream that is not declared, or a direct stream without directGrouping, or
the other way round, or it groups by no field, or by one that a tuple lacks.

  t.setSpout('lines', create, { streams: { errors: 'grouped', routed: 'direct' } })
  bolt.shuffleGrouping(lines.stream('errors'))
  bolt.directGrouping(lines.stream('routed'))`,
    see: ['grouping'],
  },
  RG019: {
    title: 'this needs the other mode',
    text: `
A bolt that holds tuples in its own memory (holdsTuples: true) acks them later than in the
call that brought them. As micro-batches every tuple is answered within its batch: the batch
is done when its tuples are, and what the bolt holds could not be given back when the batch is
tried again. Keep what it waits for in a state (setStatefulBolt) and ack at once, or in windows
(setWindowedBolt), which are in a state then; or run record at a time.

  raingauge run job.ts --mode record

Or --ack-on names a signal that this job cannot give. A record is done when a checkpoint
has what became of it (checkpoint), when its tuple tree is processed (update), or when the
windows that it is in have closed and their results are out (expiry). With expiry nothing
is kept but the records of open windows, so it needs state that windows end, no checkpoint
folder, and maxUncommitted records that are enough for the longest window.

Or compare cannot give both modes the same: a spout must be repeatable (emit the same each time
that it is made anew), and faults of a job with spouts or bolts are judged by simulate.`,
    see: ['micro-batch', 'record', 'replay'],
  },
  RG020: {
    title: 'timestamps come first',
    text: `
timestamps() decides a record's time once, at its source partition. So it stands before
the first grouping, union or window, behind narrow operators only (map, filter, ...).
With two sources that are united, give each its own timestamps() before the union.`,
    see: ['timestamps', 'watermark'],
  },
  RG021: {
    title: 'one interval, one meaning',
    text: `
The streams of a union must have the same slide, or "per interval" would mean two things
behind it. Window both to the same slide first, or unite them before the window.`,
    see: ['slide', 'window'],
  },
  RG022: {
    title: 'reserved names',
    text: `
A name is empty or no text, or begins with __, which belongs to the engine (Storm has the
same rule: __tick, __acker, __system).`,
    see: ['RG014'],
  },
  RG023: {
    title: 'a job is built before it runs',
    text: `
A topology is what its function has built when it returns; then it is frozen, as a Spark
StreamingContext is once it has started. So the function cannot be async, and no stream can
be kept and used behind it. Wait first, and build with what you have:

  const table = await loadTable();
  export default topology('job', (t) => {
    t.source('orders', kafka('orders')).joinTable(table).to('out', stdout());
  });`,
    see: ['RG013'],
  },
} satisfies Readonly<Record<string, Lesson>>;
