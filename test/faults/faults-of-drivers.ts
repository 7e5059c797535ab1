/** Rows 36 to 47: what can happen to the driver, to sinks, to the machine, and to what the user types. */
import { type FaultRow, USUAL } from './fault-row.js';

const GUARANTEES = 'executors/micro-batch/guarantees.test.ts';
const SINKS = 'connectors/sinks.test.ts';
const INTERRUPTS = 'recovery/interrupts.test.ts';
const KAFKA_PARTITION = 'kafka/partition.test.ts';
const KAFKA_RECEIVER = 'kafka/receiver.test.ts';
const KAFKA_SOURCE = 'kafka/source.test.ts';
const KAFKA_SINK = 'kafka/sink.test.ts';
const KAFKA_CRASHES = 'kafka/crashes.test.ts';
const KAFKA_LEADERS = 'kafka/leaders.test.ts';

export const FAULTS_OF_DRIVERS: readonly FaultRow[] = [
  {
    number: 36,
    fault: 'driver: killed at any step of a batch or a barrier',
    promised: USUAL,
    tests: [
      [GUARANTEES, 'driver crash at "%s", three times: output once'],
      [GUARANTEES, 'driver crash at "%s", three times: nothing is missing, and nothing is wrong'],
      [GUARANTEES, 'driver crash at "%s", three times: no result twice'],
      [
        'executors/micro-batch/driver-crashes.test.ts',
        'a driver that crashes anywhere, again and again: the output of an undisturbed job',
      ],
      [
        'executors/record/survival/crashes.test.ts',
        'a driver that dies before or after any step of a barrier: the output of an undisturbed run',
      ],
      [
        'executors/record/survival/crashes.test.ts',
        'a driver that dies before or after any step of a barrier: nothing is missing, results since the last snapshot are repeated',
      ],
      ['recovery/driver-kill.test.ts', 'keeps $guarantee, $mode'],
    ],
  },
  {
    number: 37,
    fault: 'driver: asked to stop (SIGINT, SIGTERM), once or twice',
    promised: 'the first finishes what was read; after the second it is as if it had been killed',
    tests: [
      [INTERRUPTS, 'finishes what was read at $signal with $guarantee, $mode, and the same command goes on'],
      [INTERRUPTS, 'ends at once at the second signal, %s, and nothing is lost'],
    ],
  },
  {
    number: 38,
    fault: 'Kafka: a broker dies, a leader moves',
    promised: USUAL,
    tests: [
      [KAFKA_SOURCE, 'goes on when the broker is killed and comes back'],
      [KAFKA_CRASHES, 'keeps each record once, exactly-once, %s'],
      [KAFKA_LEADERS, 'goes on, and loses none, %s, %s'],
    ],
  },
  {
    number: 39,
    fault: 'Kafka: nobody knows how a commit ended',
    promised: USUAL,
    tests: [
      [KAFKA_SINK, 'is there once, whether or not the commit came through before its answer was lost'],
      [KAFKA_SINK, 'of a zombie is refused once a newer life has begun'],
    ],
  },
  {
    number: 40,
    fault: 'Kafka: partitions move in the middle of a batch',
    promised:
      'partitions are read without a group, so none is taken away, and new ones are read by those that are there; a receiver hands them over behind what its log has, and others may repeat what it had not told the group',
    tests: [
      [KAFKA_RECEIVER, 'hands a partition over behind what it has made safe, and forgets what it has not handed out'],
      [KAFKA_RECEIVER, 'repeats for another what it had not made safe when it fell silent'],
      [
        KAFKA_SOURCE,
        'reads partitions that are added, while it runs or not, from their beginning, and goes on with them',
      ],
      [KAFKA_CRASHES, 'keeps each record once though partitions are added, %s'],
      [KAFKA_PARTITION, 'gives the same again in the same order from any place on, however its fetches come'],
    ],
  },
  {
    number: 41,
    fault: 'sink: throws, or writes only a part',
    promised: 'the job stops; what is not whole is not seen, and the same command finishes it',
    tests: [
      [
        'faults/row-41-sink-that-fails.test.ts',
        'fault row 41: a sink that cannot write fails the job, and the same command finishes it exactly once, %s, %s',
      ],
      ['connectors/transactions.test.ts', 'shows nothing that is not committed, at any step'],
      ['connectors/transactions.test.ts', 'survives many crashes in a row'],
      [SINKS, 'fails the job when a file cannot be written, and writes none after it'],
    ],
  },
  {
    number: 42,
    fault: 'sink: does not take a result (poison)',
    promised:
      'a webhook sets aside what is refused for good; otherwise the job stops and names the sink; results are never dropped without a word',
    tests: [
      ['connectors/webhook.test.ts', 'sets results aside that are refused for good, with the answer, and goes on'],
      [SINKS, 'fails the job when the function throws, and does not call it again'],
      ['host/run.test.ts', 'a sink that cannot write fails the job; one whose reader went away stops it'],
    ],
  },
  {
    number: 43,
    fault: 'sink: slower than the sources',
    promised: 'sources wait; memory stays bounded',
    tests: [
      ['host/run.test.ts', 'a sink that is behind holds the sources back until it is ready'],
      ['executors/micro-batch/rate-control.test.ts', 'have at most what each partition may give, and all records come'],
      [SINKS, 'is not ready while too many intervals wait'],
    ],
  },
  {
    number: 44,
    fault: 'clock: jumps forward or back, or stands still for long',
    promised: 'no answer changes; stream time never goes back, and no tick comes twice',
    tests: [
      ['faults/row-44-clock-jumps.test.ts', 'fault row 44: a clock that jumps changes no answer, %s, %s'],
      ['runtime/stamped-source.test.ts', 'never goes back when the clock does'],
      [GUARANTEES, 'makes up for the ticks of the down time, once each'],
      ['host/worker-losses.test.ts', 'blame no worker for the time in which the driver itself was held up'],
    ],
  },
  {
    number: 45,
    fault: 'disk: cannot be read, may not be written',
    promised: 'an error that names path and reason; nothing is changed',
    tests: [
      [
        'faults/row-45-disk-that-cannot-be-read.test.ts',
        'fault row 45: a checkpoint folder that cannot be read is refused and stays as it is, %s, %s',
      ],
      ['runtime/real-durable-files.test.ts', 'refuse to %s'],
      ['runtime/real-world.test.ts', 'names what is wrong with a path'],
    ],
  },
  {
    number: 46,
    fault: 'command line and settings: unknown, malformed, out of range',
    promised: 'exit code 2 with what is wrong and what to do, before anything is opened',
    tests: [
      ['cli/usage.test.ts', 'gets one error and exit code 2 for $what'],
      ['runtime/faults/fault-plan.test.ts', 'knows shares, records and times'],
      ['runtime/state-codec.test.ts', 'refuse values that would not come back, and name the source and the offset'],
    ],
  },
  {
    number: 47,
    fault: 'topology: a cycle, no sink, a uid twice, a window that does not fit',
    promised: 'all problems at once, each with its line, before anything is opened',
    tests: [
      ['plan/validate.test.ts', 'all problems are told at once, each with the line where it stands'],
      ['plan/validate.test.ts', 'is a compile error'],
      [
        'executors/record/survival/expiry.test.ts',
        'a rate at which windows hold more than may be uncommitted is refused before anything runs',
      ],
      ['host/run.test.ts', 'what does not compile is not opened'],
    ],
  },
];
