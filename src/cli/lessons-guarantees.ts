/** Lessons about guarantees: tuple trees, ackers, replays, and what may happen twice. */
import type { Lesson } from './lessons.js';

export const GUARANTEE_LESSONS = {
  acker: {
    title: 'one number for each tuple tree tells when all of it is done',
    text: `
A spout's tuple makes others, and those make more: a tree. Storm's trick to know when the
whole tree is done, however large, in one 64-bit number:

1. Each edge of the tree gets a random 64-bit id.
2. The acker keeps, for each root, the XOR of all ids that it was told.
3. Each id is told twice: when the edge is made, and when its tuple is acked.
4. x XOR x = 0. So the number is 0 exactly when every edge was acked. (By chance it is 0
   too soon once in 2^64 times.)

  spout --a--> bolt --b--> sink       init: a        XOR = a
                    \\-c--> sink       ack of a:      XOR = a^a^b^c = b^c
                                      ack of b, c:   XOR = 0   done

A failed tuple fails its root at once. A lost one leaves the XOR above 0, so the tree
times out (between once and twice the message timeout) and the spout replays the root.

--no-acking tracks nothing: faster, and lost tuples stay lost. 'compare' measures both.`,
    see: ['anchoring', 'replay', 'at-most-once'],
  },
  anchoring: {
    title: 'an emitted tuple belongs to the tree of the tuple that caused it',
    text: `
In a bolt, emit(values, tuple) anchors: the new tuple hangs in the tree of 'tuple', and
that tree is done only when the new one is done too.

  execute(tuple, collector) {
    for (const word of tuple.values.line.split(' ')) collector.emit({ word }, tuple);
    collector.ack(tuple);            // after the emits, never before
  }

Several anchors: the new tuple hangs in each of their trees; if it fails, all the roots
are replayed.

emitUnanchored(values) starts outside of any tree: nobody notices when it is lost, which
caps the guarantee of the job at at-most-once.

Forgetting to ack is the classic mistake: every tree times out and is replayed for ever,
and pending tuples pile up. The operators of streams anchor and ack by themselves.`,
    see: ['acker', 'replay', 'RG036'],
  },
  checkpoint: {
    title: 'what a job needs to go on after its process died',
    text: `
  raingauge run JOB --mode record --checkpoint DIR

About once a second, DIR gets one consistent cut of the job: the state of each operator,
how far each source was read, and the watermarks. Micro-batch mode also logs which records
each batch has, before anything of the batch is seen. When the process is gone, the same
command goes on from there. At the end DIR stays: a further run goes on behind it.

  raingauge state ls DIR              the checkpoints, of which the newest three are kept
  raingauge state show DIR UID        the state of an operator
  raingauge state diff DIR 7 9        what changed between two of them
  --from-scratch                      begins anew; what was there is set aside, not deleted
  --allow-non-restored                goes on without the state of operators that are gone

One process at a time may have DIR (RG052). A job that changed goes on with what still
fits, by the uid of its operators, and refuses the rest (RG053). Damage is found (RG054).
'compare' tells what checkpoints cost while nothing happens.`,
    see: ['recovery', 'exactly-once', 'worker', 'RG053'],
  },
  worker: {
    title: 'where tasks run, if not in the driver',
    text: `
  --workers 2                         threads of this process
  --workers 2 --isolation process     processes, which can be killed by themselves

The driver reads the sources and writes the sinks; tasks go to workers in turn. A worker
loads the job file itself, and must come to the same plan (RG058): so a job file only
describes, and opens nothing. One that dies, or says nothing for 10 s, is lost: whatever it
says later is not heard. It is started again after a growing wait, and its tasks come back
as 'recovery' says. The fifth loss in a minute ends the job (RG059).

  raingauge compare JOB --workers 2 --isolation process --fault kill:UID@50%

kills one on purpose, in both models, and tells what that cost. RG063 lists the faults.`,
    see: ['recovery', 'checkpoint', 'RG063'],
  },
  recovery: {
    title: 'what each model does again after a crash',
    text: `
Micro-batch (Spark): before a batch runs, the driver logs which records are its share. A
lost worker's state comes back from the last checkpoint, and the batches since then run
again for its tasks only: that is lineage. A bolt that keeps nothing in a state begins empty,
and executes again what was under way. A driver that starts again reads checkpoint and log,
and runs the same batches with the same records.

Record at a time (Storm): the spout keeps what is not done, and emits it again. Where state
must survive, barriers run through the topology with the records; what every task held when
its barrier came is one consistent checkpoint. After a loss all tasks go back to it, and
the sources to its offsets.

Both: with exactly-once, results become visible only when their batch or barrier is
committed, so what is done again is not seen twice.

  raingauge run job.ts --mode record --checkpoint DIR     survives kill -9 of itself
  raingauge compare job.ts --workers 2 --isolation process --fault kill:counts@50%
  raingauge simulate job.ts --seeds 500                   every fault, in virtual time`,
    see: ['at-least-once', 'RG052', 'RG053', 'RG063'],
  },
  replay: {
    title: 'doing again what was not finished',
    text: `
Record mode: a tree that failed or timed out is emitted again from its spout, by itself
and alone, after a short wait that grows. After attemptsMax deliveries the job's onError
decides: fail the job, or set the record aside (dead letter). Spouts of your own replay
themselves: on fail(id) they emit again, or not.

Micro-batch: a task that failed is run again on the same data. State was changed in a
copy only, so the attempt leaves no trace. After attemptsMax the partition is split to
find the bad record.

What was done before the failure is done twice, unless it is taken back. State is taken
back with its attempt or its checkpoint; what a sink has printed cannot be.

  the source must be able to give a record again   or nothing can be replayed
  the effect must be idempotent or transactional   or it happens twice`,
    see: ['at-least-once', 'exactly-once', 'RG035'],
  },
  guarantee: {
    title: 'what a job promises about the effect of each record',
    text: `
  at-most-once    never twice, but perhaps not at all
  at-least-once   never lost, but perhaps twice (the default)
  exactly-once    the effect is as if each record was processed once

It is a property of the whole chain: source x operators x sinks, and the weakest part
decides.

  source     can it be read again from an offset? a file can, a socket cannot
  operators  is their state restored together with the offset?
  sink       can a write be repeated without harm, or taken back?

A job asks for one: topology('job', { guarantee: 'exactly-once' }, ...), or --guarantee.
Asking for more than a part can give is an error before anything runs (RG017), which
says which part it is. 'raingauge explain JOB' lists all of them with their reasons.

"Exactly once" never means that a function is called only once: a replay calls it again.`,
    see: ['at-most-once', 'at-least-once', 'exactly-once', 'RG017'],
  },
  'at-most-once': {
    title: 'never twice, but perhaps not at all',
    text: `
Record mode: no acking (--no-acking). Nothing is tracked, so nothing is replayed.
Micro-batch: the range of a batch is committed before it is processed, and there is no
second attempt.

Fine for what is soon out of date: a metric each second, a position on a map. A lost one
is followed by the next.

It is cheap: in record mode there are no ids and no messages to an acker. 'compare' prints
what acking costs for your job (costRatio). On a healthy machine without faults the answers
are the same, which is why the difference is so easy to overlook until something dies.`,
    see: ['acker', 'guarantee', 'at-least-once'],
  },
  'at-least-once': {
    title: 'never lost, but perhaps twice',
    text: `
What was not acknowledged is done again. If a task dies after its result was written and
before it was acknowledged, the result is written twice:

  read 7 -> count 7 -> print 7 -> X   (dies before the ack)
  read 7 -> count 7 -> print 7 -> ack

Both modes do this, but not alike: record mode repeats the records in flight, micro-batch
the whole batch, up to an interval's worth.

To live with it, make the effect idempotent: write "word x has count 17" under the key x
in place of "add 1 to x". Then the second write changes nothing.

It is the default, since it is the most that prints, sockets and arbitrary functions
can give.`,
    see: ['replay', 'exactly-once', 'guarantee'],
  },
  'exactly-once': {
    title: 'the effect is as if each record was processed once',
    text: `
Three parts must work together:

1. The source can be read again from an offset (a file, a generator).
2. State is saved together with that offset, and both are restored together.
3. The sink joins the commit: what it takes is seen when its batch or barrier is committed
   (textFile, memory).

Micro-batch: sinks prepare a batch's results, the log says so, sinks show them. A batch
that was shown gives no output when it is done again.
Record mode: barriers travel with the records; a failed tree aborts the epoch, everyone
restores, the source rewinds.

stdout and foreach are never exactly-once: what was printed or called cannot be taken
back. Asking for it is error RG017.

Functions may still be called more than once for a record, so keep side effects out of
map and filter.`,
    see: ['guarantee', 'replay', 'RG017'],
  },
} satisfies Readonly<Record<string, Lesson>>;
