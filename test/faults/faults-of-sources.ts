/** Rows 1 to 9: what can happen to sources and to what they give. */
import { type FaultRow, USUAL } from './fault-row.js';

const GUARANTEES = 'executors/micro-batch/guarantees.test.ts';
const RESUMED = 'connectors/resumed.test.ts';
const RECEIVED = 'executors/micro-batch/received-blocks.test.ts';
const RECEIVER = 'recovery/receiver-kill.test.ts';
const JOURNAL = 'runtime/journalled-source.test.ts';

export const FAULTS_OF_SOURCES: readonly FaultRow[] = [
  {
    number: 1,
    fault: 'source: the driver dies before what was read is written down',
    promised: USUAL,
    tests: [
      [GUARANTEES, 'hear of an offset when a snapshot or the log covers it, and not before'],
      [RECEIVED, 'driver crash at "%s", four times, exactly-once: the output of an undisturbed job'],
      [GUARANTEES, 'driver crash at "%s", three times: output once'],
      ['recovery/driver-kill.test.ts', 'keeps $guarantee, $mode'],
    ],
  },
  {
    number: 2,
    fault: 'source: the driver dies behind the log, before the source hears of it',
    promised: USUAL,
    tests: [
      [RECEIVED, 'is heard of by its source when its block is in the log, and long before its batch'],
      [RECEIVED, 'driver crash at "%s", four times, at-least-once: nothing is missing'],
      [JOURNAL, 'hands a block out when it is durable, tells the source then, and wakes'],
      [GUARANTEES, 'of a stopped job goes on where it stopped'],
    ],
  },
  {
    number: 3,
    fault: 'source that cannot be read again (socket, standard input): its connection or its driver dies',
    promised: {
      atMostOnce: 'what was read may be lost',
      atLeastOnce: 'none lost from its block in the log on; what was on its way then is lost',
      exactlyOnce: 'refused (RG017), unless the source waits for an answer',
    },
    tests: [
      [
        'connectors/tcp.test.ts',
        'connects again as often as the server closes after some data, and counts the cut line',
      ],
      [RESUMED, 'standard input goes on with what comes'],
      [
        GUARANTEES,
        'driver crash at "%s" with a source that cannot be read again: what was allocated comes out of the log',
      ],
      [RECEIVED, 'in no batch yet is in the first batch after the restart, once, with the time that it had'],
      [JOURNAL, 'gives after a restart what the source gave, from any place on, however it is cut'],
      [RECEIVER, 'what was taken from a socket outlives the driver, %s'],
      ['plan/guarantee.test.ts', 'is exactly-once from what cannot be read again but waits for an answer'],
      ['plan/guarantee.test.ts', 'is refused with each part that cannot keep it, and with what to use instead'],
    ],
  },
  {
    number: 4,
    fault: 'source: hangs, or its other side is gone without a word',
    promised:
      'nothing is lost; windows wait for it, or for idleTimeout; a receiver starts again, so often, and says so',
    tests: [
      [
        'faults/row-04-silent-source.test.ts',
        'fault row 4: what a source gives after three seconds of silence is in its windows, %s',
      ],
      ['conformance/event-time.test.ts', 'without idleTimeout silence holds windows open; with it they close'],
      ['connectors/tcp.test.ts', 'tells each attempt with its wait and limit, and that it is connected again'],
      [RECEIVER, 'a socket that breaks is told on stderr, and read on when it is there again, %s'],
      ['connectors/tcp.test.ts', 'gives up on a server that takes connections and sends nothing'],
    ],
  },
  {
    number: 5,
    fault: 'source: gives records twice, or out of order',
    promised: 'an offset counts once; equal values are records of their own; event time decides',
    tests: [
      [
        'faults/row-05-order-of-a-source.test.ts',
        'fault row 5: equal values are records of their own, and event time puts what is out of order in its window, %s',
      ],
      [
        'faults/row-05-order-of-a-source.test.ts',
        'fault row 5: what comes too late is set aside and counted, not folded in, %s',
      ],
      [
        'runtime/retained-source.test.ts',
        'hands out what the reader does, and from any offset since the commit the same again, however it is cut',
      ],
    ],
  },
  {
    number: 6,
    fault: 'source: a record that cannot be decoded or processed (poison)',
    promised: 'it fails the job, or is set aside with its place; it never comes again for ever',
    tests: [
      [
        'faults/row-06-undecodable-record.test.ts',
        'fault row 6: a record that does not decode is set aside with place, reason and bytes, %s, %s',
      ],
      ['conformance/errors.test.ts', 'a dead letter of a source names partition, offset and value'],
      ['connectors/text.test.ts', 'with invalid UTF-8 are counted and replaced, the others stay as they are'],
      ['connectors/text.test.ts', 'with invalid UTF-8 fail by option, with their number'],
    ],
  },
  {
    number: 7,
    fault: 'source: a record that is too large, a line without an end',
    promised: 'the job stops with RG044 behind the records before it; memory stays bounded',
    tests: [
      [
        'faults/row-07-oversized-record.test.ts',
        'fault row 7: a line without an end fails the job with RG044 behind the lines before it, %s',
      ],
      ['connectors/text.test.ts', 'that are too long fail (%s)'],
      ['connectors/text.test.ts', 'is not read further than the buffer allows'],
    ],
    later: 'compressed input: there is no source that unpacks gzip',
  },
  {
    number: 8,
    fault: 'source: the place to go on from is gone',
    promised: 'the job stops with RG064; it never goes on elsewhere without a word',
    tests: [
      [GUARANTEES, 'of a job whose input became shorter fails with RG064'],
      [RESUMED, 'fails when there are less records than were read before'],
    ],
  },
  {
    number: 9,
    fault: 'file as a source: cut, replaced, grown, gone',
    promised: 'growth is read on; anything else fails the job',
    tests: [
      ['connectors/folder.test.ts', 'fails when a file %s after it was read'],
      ['connectors/tail.test.ts', 'gives every line once, in order, over lives and rotations at any instant, seed %i'],
      [RESUMED, 'may have grown ($follow)'],
      [RESUMED, 'that %s fails the job'],
      [RESUMED, 'that is gone fails the job'],
      ['connectors/text.test.ts', 'that is followed may not shrink'],
    ],
  },
];
