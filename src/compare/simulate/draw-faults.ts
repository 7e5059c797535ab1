/** Draws the faults of a seed: first which kinds there are, then how many of each. What is drawn, a job must be able to survive. */
import type { Prng } from '../../core/prng.js';
import type { Fault, FaultPlan } from '../../runtime/faults/fault-plan.js';
import { pick, type Scenario, type Target } from './scenario.js';

type Drawn = Omit<Scenario, 'faults' | 'attemptsMax'>;
type Draw = (random: Prng, scenario: Drawn, target: Target) => Fault;

/** The longest life, in steps, that a crash is drawn for. */
const STEPS_MAX = 4_096;

/** The longest life, in batch intervals, at whose end a driver is killed. */
const LIFE_INTERVALS = 12;

const DRAWS = {
  driver: (random, _scenario, { batchInterval }) => ({
    kind: 'kill',
    target: 'driver',
    at: random.below(2) === 0 ? share(random) : { unit: 'time', value: random.below(LIFE_INTERVALS * batchInterval) },
    span: 0,
  }),
  // Short lives too, so that recovery itself is cut off: each power of two is as likely as the next.
  crash: (random) => ({
    kind: 'crash',
    target: String(1 + random.below(4)),
    nth: 1 + random.below(2 ** (3 + random.below(Math.log2(STEPS_MAX) - 2))),
  }),
  worker: (random, _scenario, { components }) => ({
    kind: pick(random, ['kill', 'kill', 'terminate', 'stop'] as const),
    target: pick(random, components),
    at: share(random),
    span: 200_000 * (1 + random.below(100)),
  }),
  // Longer than it takes to find a worker lost, so that messages of the lost one come afterwards; or shorter.
  clog: (random) => ({
    kind: 'clog',
    target: 'workers',
    at: share(random),
    span: pick(random, [300_000, 4_000_000, 12_000_000]),
  }),
  acks: (random, { records, record }, { components }) => {
    const kind = pick(random, ['drop-ack', 'duplicate-ack', 'delay-ack', 'drop-fail', 'drop-tuple', 'acker'] as const);
    if (kind === 'acker')
      return { kind: 'lose-acker', target: String(random.below(record.ackers ?? 1)), at: share(random), span: 0 };
    return {
      kind,
      target: pick(random, components),
      nth: 1 + random.below(kind === 'drop-fail' ? 3 : records * 2),
      span: pick(random, [10_000, 500_000, 8_000_000]),
    };
  },
  // What throws as stream time goes on can be tried again in micro-batch mode only. Each worker counts its own calls.
  calls: (random, { mode, records, workers }, { operators, perRecord, attemptsMax }) => ({
    kind: 'throw',
    target: pick(random, mode === 'record' ? perRecord : operators),
    nth: 1 + random.below(records),
    times: 1 + random.below(Math.max(1, Math.floor((attemptsMax - 1) / Math.max(1, workers)))),
    span: 0,
  }),
  files: (random) => ({
    kind: pick(random, ['fail-write', 'fail-sync', 'torn-write', 'disk-full'] as const),
    target: pick(random, ['log', 'chk-', 'checkpoint']),
    nth: 1 + random.below(20),
    times: 1 + random.below(3),
  }),
  source: (random, _scenario, { sources }) => ({
    kind: 'disconnect',
    target: pick(random, sources),
    at: share(random),
    span: 100_000 * (1 + random.below(30)),
  }),
  clock: (random) => ({
    kind: 'jump',
    target: 'clock',
    at: share(random),
    span: pick(random, [50_000, 3_000_000, 30_000_000, -1_000_000, -20_000_000]),
  }),
  damage: (random) => ({ kind: 'flip', target: 'chk-', nth: 1 + random.below(4) }),
} as const satisfies Readonly<Record<string, Draw>>;

type Group = keyof typeof DRAWS;

export function drawFaults(random: Prng, scenario: Drawn, target: Target): FaultPlan {
  const groups = (Object.keys(DRAWS) as Group[]).filter(
    (group) => random.below(2) === 0 && isPossible(group, scenario, target),
  );
  const faults = groups.flatMap((group) =>
    // Two functions that throw could use up a task's attempts between them, and then the job may fail.
    Array.from({ length: group === 'calls' ? 1 : 1 + random.below(group === 'acks' ? 5 : 3) }, () =>
      DRAWS[group](random, scenario, target),
    ),
  );
  const common = 1 + random.below(scenario.records);
  return random.below(2) === 0
    ? faults
    : faults.map((fault) => (ON_ONE_TREE.has(fault.kind) ? { ...fault, nth: common } : fault));
}

/** Faults that hit one tree where components get a tuple for each record: what one answer does, another must not hide. */
const ON_ONE_TREE: ReadonlySet<Fault['kind']> = new Set(['drop-ack', 'duplicate-ack', 'delay-ack', 'drop-tuple']);

function isPossible(group: Group, { mode, guarantee, workers, record }: Drawn, target: Target): boolean {
  const canTryAgain = guarantee !== 'at-most-once';
  // Without checkpoints a job begins anew with its driver, and has no files.
  if (record.ackOn === 'expiry' && ['driver', 'crash', 'files'].includes(group)) return false;
  switch (group) {
    case 'worker':
      return workers > 0 && target.components.length > 0;
    case 'clog':
      return workers > 0;
    case 'acks':
      return mode === 'record' && canTryAgain && target.components.length > 0;
    case 'source':
      return target.sources.length > 0;
    case 'calls':
      return canTryAgain && target.perRecord.length > 0;
    default:
      return true;
  }
}

function share(random: Prng): { readonly unit: 'share'; readonly value: number } {
  return { unit: 'share', value: random.below(1_001) / 1_000 };
}
