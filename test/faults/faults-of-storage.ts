/** Rows 10 to 21: what can happen to queues, to the log and to checkpoints. */
import { type FaultRow, USUAL } from './fault-row.js';

const GUARANTEES = 'executors/micro-batch/guarantees.test.ts';
const RECEIVED = 'executors/micro-batch/received-blocks.test.ts';
const LOG = 'runtime/segmented-log.test.ts';
const CRASHES = 'runtime/checkpoint-crashes.test.ts';
const FOLDER = 'runtime/checkpoint-folder.test.ts';

export const FAULTS_OF_STORAGE: readonly FaultRow[] = [
  {
    number: 10,
    fault: 'received records: one copy is gone or damaged',
    promised: USUAL,
    tests: [
      [RECEIVED, 'a block outlives worker %i, lost at each of its messages: the driver has it still'],
      [RECEIVED, 'in no batch yet is in the first batch after the restart, once, with the time that it had'],
      ['executors/micro-batch/remote-tasks.test.ts', 'worker %i: its own tasks only are made again'],
      [
        LOG,
        'is refused with segment and byte when a bit is flipped, or is a promised prefix when only its last record is',
      ],
    ],
  },
  {
    number: 11,
    fault: 'received records: every copy is gone',
    promised: {
      atMostOnce: 'they are lost',
      atLeastOnce: 'they are read again; else the job stops (RG054, RG064)',
      exactlyOnce: 'they are read again; else the job stops (RG054, RG064)',
    },
    tests: [
      [RECEIVED, 'that the log has not any more, though a batch names it, stops the job with RG054'],
      [GUARANTEES, 'driver crash at "%s", three times: nothing is missing, and nothing is wrong'],
      [GUARANTEES, 'of a job whose input became shorter fails with RG064'],
      [GUARANTEES, 'what was allocated before the crash is lost'],
    ],
  },
  {
    number: 12,
    fault: 'queues and memory for received records: full; disk: full',
    promised: 'sources wait; nothing that is not done is thrown away',
    tests: [
      ['faults/row-12-full-queues.test.ts', 'fault row 12: no more wait than the limit allows, and none is lost, %s'],
      [RECEIVED, 'waits for the log: no more is polled than receivedRecordsMax, however slow the log is'],
      ['runtime/journalled-source.test.ts', 'reads no further ahead than its limit while the log is slow'],
      ['executors/kit-tuples.test.ts', 'never has more than maxSpoutPending under way'],
      [
        'executors/record/survival/limits.test.ts',
        'a worker that stands still stalls the source: rows under way stay bounded',
      ],
      [FOLDER, 'ends the job with RG057 for good: %s'],
    ],
  },
  {
    number: 13,
    fault: 'log: torn at its end',
    promised: 'only what was never promised is cut off, and the user is told',
    tests: [
      [LOG, 'holds a prefix of what was asked for, and all that was acknowledged, in every crash state'],
      [LOG, 'loses nothing that a restart found, when the power goes after a kill'],
      [FOLDER, 'tells how much of the log a crash had left unfinished'],
    ],
  },
  {
    number: 14,
    fault: 'log: damaged before its end, or a segment is missing',
    promised: 'refused (RG054) with segment and byte',
    tests: [
      [
        LOG,
        'is refused with segment and byte when a bit is flipped, or is a promised prefix when only its last record is',
      ],
      [LOG, 'is refused when its newest segment is gone and a checkpoint knew of it'],
      [LOG, 'is refused when the torn end was known to be durable'],
      [LOG, 'does not trust a length beyond the end'],
    ],
  },
  {
    number: 15,
    fault: 'log: a write or a sync fails',
    promised: 'the job stops (RG057); nothing is tried again on that file, and nothing that was promised is lost',
    tests: [
      [LOG, 'stops for good when a %s fails'],
      [FOLDER, 'ends the job with RG057 for good: %s'],
    ],
  },
  {
    number: 16,
    fault: 'checkpoint folder: a second driver',
    promised: 'refused (RG052), and nothing is changed',
    tests: [
      [FOLDER, 'is refused while another driver holds it, and free after that'],
      ['runtime/real-durable-files.test.ts', 'goes to one of many that want it, however they come'],
      ['runtime/real-durable-files.test.ts', 'of a process that was killed is taken over'],
    ],
  },
  {
    number: 17,
    fault: 'checkpoint: the driver or the power is gone at any step of writing it',
    promised: 'the newest whole one counts, with the log behind it',
    tests: [
      [CRASHES, 'gives a promised state in every crash state of logging, saving and pruning'],
      [CRASHES, 'gives a promised state in every crash state of increments and their pruning'],
      [CRASHES, 'gives a promised state after a kill at every step, and then a loss of power'],
      [
        'executors/record/survival/crashes.test.ts',
        'a driver that dies before or after any step of a barrier: the output of an undisturbed run',
      ],
      [FOLDER, 'never shows a checkpoint before it is whole'],
    ],
  },
  {
    number: 18,
    fault: 'checkpoint: a bit is flipped, a part is cut or missing',
    promised:
      'found before it is read; the one before counts, and the log since then; refused (RG054) where results would be seen twice',
    tests: [
      [FOLDER, 'of which a part is missing stands back too'],
      [FOLDER, 'of which %s is damaged stand back for the checkpoint before'],
      [FOLDER, 'does not stand back where results up to it were seen, and is whole again when it is put back'],
      ['runtime/increments.test.ts', 'always leaves a checkpoint with its log, whichever one is damaged'],
      ['compare/simulate/simulate.test.ts', 'survives damaged checkpoints: %s, %s'],
      [FOLDER, 'keeps three checkpoints, and the log since the oldest of them'],
      ['runtime/state-codec.test.ts', 'never decode when a bit is changed'],
    ],
  },
  {
    number: 19,
    fault: 'checkpoint: none is whole',
    promised: 'refused (RG054); a job never begins anew by itself',
    tests: [
      [FOLDER, 'is refused when none is whole, and nothing is changed'],
      [FOLDER, 'is refused when all are gone, or the job’s file is'],
    ],
  },
  {
    number: 20,
    fault: 'checkpoint: of a newer format, of another job, or with state that no operator has',
    promised: 'refused (RG053, RG055) with all that differs',
    tests: [
      [FOLDER, 'is refused: %s'],
      [FOLDER, 'is refused when %s is newer, also where an older one fits'],
      [FOLDER, 'drops the state of an operator that is gone when it is told to, and says so'],
    ],
  },
  {
    number: 21,
    fault: 'checkpoint: slow, or due while another is written',
    promised: 'one at a time; one that cannot begin is given up and counted',
    tests: [
      [
        'executors/record/survival/limits.test.ts',
        'a barrier that cannot begin because a tree stays pending is given up and counted, and a later one is taken',
      ],
      [
        'executors/record/turn-quantum.test.ts',
        '4 ms a record, parallelism %i: checkpoints come within their interval and one turn',
      ],
      [FOLDER, 'keeps the log of batches that were logged while the snapshot was written'],
      [
        'executors/record/survival/failures.test.ts',
        'while a snapshot is being saved: that snapshot is finished, and the job goes back to it',
      ],
    ],
  },
];
