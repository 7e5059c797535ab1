/** Lessons about the error codes of checkpoints, workers and faults. */
import type { Lesson } from './lessons.js';

export const RECOVERY_LESSONS = {
  RG052: {
    title: 'one driver for each checkpoint folder',
    text: `
Another process writes to this checkpoint folder; the error names its pid. Two drivers on
one folder would each undo what the other did, so the second one is refused, and has
changed nothing.

Wait for the first to end, end it, or give this run a folder of its own. A lock that a
dead process left behind is taken over by itself.`,
    see: ['RG053', 'recovery'],
  },
  RG053: {
    title: 'a checkpoint of something else',
    text: `
The folder holds the progress of another job, or of this job before its operators changed:
the error says which operator does not fit. State is found again by the operator's uid, so
an operator that keeps its uid and its kind keeps its state.

  --allow-non-restored    go on, and leave out the state of operators that are gone
  --from-scratch          begin anew; what is in the folder is moved aside, not deleted

'raingauge state ls DIR' shows what is in there.`,
    see: ['RG054', 'recovery'],
  },
  RG054: {
    title: 'damage is found, and never accepted',
    text: `
Every record of the log, every part of a checkpoint and every epoch that a sink for Kafka has
prepared carries a checksum that is checked before anything is read from it. What does not
fit is named by file and byte. Of a prepared epoch, a file that somebody removed is missed
only where a later one of the same epoch is there.

A torn end of the last log segment is normal after a crash, and is cut off: nothing that
was promised stood there. A damaged checkpoint is passed over for the one before it, and so
are those that add to it. Record mode with exactly-once does not go back: results up to the
damaged checkpoint may have been seen, and would be seen twice. This error means that nothing
helped: restore the folder from a copy, or begin anew with --from-scratch, which loses what
the folder held.`,
    see: ['RG055', 'recovery'],
  },
  RG055: {
    title: 'written by a newer raingauge',
    text: `
The checkpoint has a format that this version does not know, so it is not touched. Use the
version that wrote it, or a later one.`,
    see: ['RG054'],
  },
  RG056: {
    title: 'state that could not come back as it was',
    text: `
A checkpoint holds plain data: numbers, strings, bigints, booleans, null, arrays, objects,
Map, Set, Date and typed arrays. An instance of a class would come back without its
methods, and a function not at all, so both are refused when the checkpoint is made.

Keep plain data as state, and make the instance from it where it is used.`,
    see: ['recovery'],
  },
  RG057: {
    title: 'the promise cannot be written down',
    text: `
The log or a checkpoint could not be written or synced: the disk is full, read-only or
broken. The job stops rather than promise what it cannot keep. After a failed sync nobody
knows what is on the disk, so the file is not used again.

Make room or mend the disk, then start the same command again: it goes on from what is
safely there.`,
    see: ['recovery', 'RG054'],
  },
  RG058: {
    title: 'a worker must build the same plan',
    text: `
A worker imports your job file by itself and builds the plan again; code never travels.
This worker could not load the file, or its plan has another hash. The usual reason is a
job that depends on something that differs from process to process: the time, a random
number, the working directory, an argument.

A job file only describes. Take such values from the command line, or from a file.`,
    see: ['RG003', 'recovery'],
  },
  RG075: {
    title: 'what is not needed by all is installed by who needs it',
    text: `
State that is larger than memory goes to lmdb, a key-value store in one file. It is native
code, so raingauge does not bring it along: 'npm install lmdb' in the folder of your job does.
Without --state lmdb nothing needs it.`,
    see: ['RG056'],
  },
  RG059: {
    title: 'workers die again and again',
    text: `
A worker was lost five times within a minute. Restarting it once more would only repeat
what kills it: most often a record that uses up the memory, or a function that ends the
process. The loss reasons stand in the message and in the log (--log-level warn).`,
    see: ['RG058', 'recovery'],
  },
  RG062: {
    title: 'the guarantee was broken',
    text: `
With faults, 'compare' and 'simulate' count from the results which records were lost and
which count twice. exactly-once allows neither, at-least-once no loss, at-most-once no
second time. This run broke the guarantee that the job declares: that is a bug, in
raingauge or in a source or sink that does not do what it says.

The seed and the faults that repeat it are printed.`,
    see: ['at-least-once', 'recovery'],
  },
  RG063: {
    title: 'how faults are written',
    text: `
  KIND:TARGET@WHEN      --fault may be given several times; --fault-file reads one a line

  kill:counts@50%           the worker that runs 'counts', at half of the input
  stop:counts@2s+3s         halted after 2 s, for 3 s
  kill:driver@50%           the whole process ('run' and 'simulate')
  drop-ack:counts@100       the 100th ack of 'counts'; duplicate-ack, delay-ack,
                            drop-fail, drop-tuple
  lose-acker:0@50%          the first acker task forgets every tree
  throw:counts@1000x3       calls 1000 to 1002 of its functions throw; slow:...+200ms
  fail-sync:log@3           the third sync of a path with 'log' in it; fail-write,
                            torn-write, disk-full
  jump:clock@2s+1h          the clock jumps ('simulate')
  clog:workers@50%+12s      workers are not heard for so long ('simulate')
  crash:2@150               the driver's second life ends at its 150th step ('simulate')
  flip:chk-@2               a bit of a checkpoint is flipped when the driver is down for
                            the second time ('simulate')
  disconnect:lines@50%+1s   the source is silent for a second

WHEN is a share of the input (50%), a number of records (5000) or a time (2s).`,
    see: ['recovery'],
  },
  RG064: {
    title: 'input that is no longer there',
    text: `
The job must go on at a place in its source that can no longer be read: the file was
replaced or cut, or a broker has deleted it. To go on elsewhere would lose records without
a word, so the job stops. Bring the input back, or begin anew with --from-scratch.`,
    see: ['recovery'],
  },
} satisfies Readonly<Record<string, Lesson>>;
