/** Rows 22 to 35: what can happen to state, user functions, tuple trees, ackers and workers. */
import { type FaultRow, USUAL } from './fault-row.js';

const ERRORS = 'conformance/errors.test.ts';
const BOLTS = 'executors/record/bolts.test.ts';
const ACKER = 'executors/record/acker.test.ts';
const ACKER_FAULTS = 'executors/record/acker-faults.test.ts';
const FAILURES = 'executors/record/survival/failures.test.ts';
const WORKERS = 'executors/record/survival/workers.test.ts';
const LOSSES = 'host/worker-losses.test.ts';

export const FAULTS_OF_TASKS: readonly FaultRow[] = [
  {
    number: 22,
    fault: 'state: its task dies or throws in the middle of an update',
    promised: {
      atMostOnce: 'it may lack records',
      atLeastOnce: 'it may hold a replayed record twice in record mode, never in micro-batch mode',
      exactlyOnce: 'it is what one pass over the input gives',
    },
    tests: [
      [ERRORS, 'what a failed attempt did to state is undone in micro-batch'],
      [FAILURES, 'for a while: the job goes back, and each record counts once'],
      ['runtime/memory-store.test.ts', 'agrees with a naive model under random attempts'],
    ],
  },
  {
    number: 23,
    fault: 'state: keys such as __proto__, NaN, -0 or half a surrogate pair',
    promised: 'keys like any other; what is no key is refused (RG033), and a state of more keys than its limit (RG066)',
    tests: [
      ['faults/row-23-hostile-keys.test.ts', 'fault row 23: hostile keys are counted and restored like any other, %s'],
      ['core/core.test.ts', '%s is no key'],
      ['runtime/state-codec.test.ts', 'refuse what is nested too deep to come back, and take what is not'],
      [
        'conformance/state-limits.test.ts',
        'fails with the operator, its limit and what to do when a task has more keys',
      ],
    ],
  },
  {
    number: 24,
    fault: 'operator: throws now and then',
    promised: USUAL,
    tests: [
      [ERRORS, 'a function that fails now and then fails nothing, and state counts each record once'],
      [ERRORS, 'tries %i times before onError applies'],
      [FAILURES, 'for a while: the job goes back, and each record counts once'],
    ],
  },
  {
    number: 25,
    fault: 'operator: always throws for a record',
    promised: 'onError decides: the job stops, or that record and no other is set aside',
    tests: [
      [ERRORS, '%s that throws with dead-letter sets that record aside, and no other'],
      [ERRORS, 'many bad records are all set aside'],
      [FAILURES, 'always, with onError dead-letter: the record is passed over and becomes a dead letter, once'],
      [BOLTS, 'a bolt that always throws is tried attemptsMax times, then onError %s'],
      [
        'conformance/errors-on-time.test.ts',
        '%s that throws with dead-letter sets that key aside at that time, and no other',
      ],
    ],
  },
  {
    number: 26,
    fault: 'operator: hangs, or gives a promise that never settles',
    promised:
      'a worker that hangs is lost (row 33); in the driver nobody watches it; a promise is refused (RG031), but by mapAsync, whose call then fails (RG065)',
    tests: [
      [
        'faults/row-26-hanging-function.test.ts',
        'fault row 26: a function that hangs once costs its worker, and no record, %s',
      ],
      [
        'faults/row-26-hanging-function.test.ts',
        'fault row 26: a function that always hangs ends the job with RG059, %s',
      ],
      ['connectors/sinks.test.ts', 'fails the job when the function returns a promise'],
      ['conformance/calls.test.ts', 'ends a job whose calls never end'],
    ],
  },
  {
    number: 27,
    fault: 'worker: much slower than the others',
    promised:
      'the job is late, and right; in micro-batch mode with speculation a slow task without state or a bolt gets a twin, and the first to finish commits',
    tests: [
      [
        'faults/row-27-slow-worker.test.ts',
        'fault row 27: the twin of a slow task commits, and each result is seen once',
      ],
      [
        'executors/record/survival/limits.test.ts',
        'a worker that stands still stalls the source: rows under way stay bounded',
      ],
      ['recovery/worker-loss.test.ts', 'can be stopped for a while, and is only late'],
    ],
  },
  {
    number: 28,
    fault: 'operator: its result depends on more than its input',
    promised: 'nothing is promised; compare finds it and names the first difference',
    tests: [['compare/compare.test.ts', 'names the first difference when a function depends on more than its input']],
  },
  {
    number: 29,
    fault: 'bolt: emits after its ack, acks twice, acks a tuple that it was never given',
    promised: 'the job stops (RG036)',
    tests: [[BOLTS, 'a tuple %s fails the job with RG036']],
  },
  {
    number: 30,
    fault: 'acker: forgets all that it knows',
    promised: USUAL,
    tests: [
      [ACKER_FAULTS, 'lets its trees time out, whatever is acked or failed, and no others'],
      [
        FAILURES,
        'tuples and acks that get lost, acks that come twice, late or out of order, ackers that forget: the output of an undisturbed run',
      ],
    ],
  },
  {
    number: 31,
    fault: 'acker: an ack before the tree is opened, or after it timed out',
    promised: 'order does not matter; what is late changes nothing',
    tests: [
      [ACKER, 'find a tree done exactly when its last edge is acked, in whatever order answers come'],
      [ACKER, 'ignore what comes for a tree that is over, and count it'],
      [BOLTS, 'an ack that comes after the message timed out changes nothing'],
    ],
  },
  {
    number: 32,
    fault: 'acker: a message is lost, or comes twice',
    promised: USUAL,
    tests: [
      [ACKER_FAULTS, 'end a tree only when each ack has come, and a tree that is left over times out'],
      [ACKER_FAULTS, 'do not end it for any multiset of deliveries of a small tree, but the one where each came'],
      [
        'executors/record/replay.test.ts',
        'a record whose tuples or acks are lost still gets into its window, and is folded in at least once',
      ],
    ],
  },
  {
    number: 33,
    fault: 'worker: killed, ended, or out of memory',
    promised: USUAL,
    tests: [
      ['executors/micro-batch/worker-losses.test.ts', 'lost at any moment: the output of an undisturbed job'],
      [
        'executors/components/random-workers.test.ts',
        'give the same on workers, whichever of them are lost and whatever batches overlap',
      ],
      ['executors/components/survival.test.ts', 'workers that die, and the driver too: the same'],
      [WORKERS, 'exactly-once: workers that are lost at any moment, one or several: the output of an undisturbed run'],
      [WORKERS, 'state must survive: everything goes back to the last checkpoint, and nothing is missing'],
      [WORKERS, 'no state: the trees under way are replayed, and nothing is missing'],
      [
        'executors/record/survival/expiry.test.ts',
        'at %i us: each window has the same result, once, and late records stay late',
      ],
      ['recovery/worker-loss.test.ts', 'can be killed'],
      ['recovery/bolt-loss.test.ts', 'on a worker (%s) that has the fault %s'],
    ],
  },
  {
    number: 34,
    fault: 'worker: stopped, declared lost, and then it goes on (zombie)',
    promised: 'nothing that it says is heard any more',
    tests: [
      [LOSSES, 'find a worker that is stopped, and nothing that it says afterwards is heard'],
      [LOSSES, 'fence off what was under way when the worker was declared lost'],
      ['recovery/worker-loss.test.ts', 'can be stopped for too long: it is fenced off, and another comes'],
    ],
  },
  {
    number: 35,
    fault: 'worker: dies again and again',
    promised: 'it is started again after growing waits; the fifth loss in a minute ends the job (RG059)',
    tests: [
      [LOSSES, 'waits twice as long each time, and the fifth time in a minute fails the job'],
      ['recovery/worker-loss.test.ts', 'that ends again and again ends the job'],
    ],
  },
];
