/** Makes the wirings of a job, one after the other: with control, tasks, and links to workers. */
import { SameIdentity } from '../../core/identity.js';
import type { Prng } from '../../core/prng.js';
import type { Emit, RecordContext } from '../../kernels/kernel.js';
import { isSpout, nameOf } from '../../plan/kinds.js';
import type { Plan } from '../../plan/plan.js';
import type { RestoredJob } from '../../runtime/durability.js';
import { treesOf } from '../component-counters.js';
import type { RecordOptions, Services } from '../executor.js';
import type { Outcome, RunNumbers } from '../outcome.js';
import { readValues } from '../values-codec.js';
import { type AckLane, decorated } from './acker.js';
import type { SinkRows } from './messages.js';
import { type Placement, placementOf } from './placement.js';
import type { Survival } from './record-options.js';
import { Run } from './run.js';
import { type ControlledJob, RunControl } from './run-control.js';
import type { SkippedRecords } from './skipped-records.js';
import { SpoutTask } from './spout-task.js';
import { countersOf, type StageCounters } from './statistics.js';
import type { TreeIds } from './tree-ids.js';
import { TurnQuantum } from './turn-quantum.js';
import { wire } from './wiring.js';
import { WorkerLinks } from './worker-links.js';

/** What wirings are made from. */
export interface RunParts {
  readonly plan: Plan;
  readonly services: Services;
  readonly options: RecordOptions;
  readonly survival: Survival;
  readonly outcome: Outcome;
  readonly trees: TreeIds;
  readonly skipped: SkippedRecords;
  readonly job: ControlledJob;
}

/** Counters and user-written spouts stay the same over all wirings. */
export class RunMaker {
  /** By stage. */
  readonly counters: readonly StageCounters[];
  readonly #parts: RunParts;
  readonly #place: Placement;
  readonly #prng: Prng;
  readonly #spouts = new Map<string, SpoutTask>();
  #runs = 0;
  #run: Run | undefined;
  /** Windows that end there or before were out when state was lost: what comes of them again may lack records. */
  #outUntil = Number.NEGATIVE_INFINITY;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.counters = countersOf(parts.plan);
    this.#place = placementOf(parts.plan, parts.services.workers?.count, parts.options);
    this.#prng = parts.services.world.prng.fork('record');
  }

  /** Wires everything on what the snapshot has; nothing runs yet. */
  make(restored: RestoredJob | undefined): Run {
    const { plan, services, options, survival, outcome, skipped, job } = this.#parts;
    const { world, functions, channels, sources } = services;
    this.#outUntil = Math.max(this.#outUntil, this.#run?.frontier ?? this.#outUntil);
    for (const counters of this.counters) counters.forgetEdges();
    const control = new RunControl(job, world.scheduler, world.clock);
    const lanes: AckLane[] = [];
    const quantum = new TurnQuantum(options);
    const links = this.#links(control, lanes, quantum);
    const wiring = wire({
      plan,
      options,
      functions,
      place: this.#place,
      remote: links,
      channels,
      readers: sources,
      sink: ({ name }, context, task) => this.#sink(name, context, task),
      lane: (stage, ackers) => decorated(ackers, nameOf(plan.operators[stage.head]!), channels),
      counters: this.counters,
      job: control,
      prng: this.#prng,
      now: () => world.clock.now(),
      count: outcome.count,
      restored,
      createStore: services.createStore,
      skipped,
      quantum,
      untilDurable: survival.untilDurable,
      expires: survival.expires,
      spoutsBefore: this.#spouts,
    });
    for (const stage of plan.stages)
      lanes.push(decorated(wiring.ackers, nameOf(plan.operators[stage.head]!), channels));
    this.#run = new Run({ control, wiring, links, quantum, expires: survival.expires, now: () => world.clock.now() });
    return this.#run;
  }

  /** Opens the tasks: a user-written spout once, whatever the job goes back to. False where one does not open: the job has failed. */
  open({ wiring }: Run): boolean {
    try {
      for (const task of wiring.consumers) task.open();
      for (const spout of wiring.spouts) {
        if (!(spout instanceof SpoutTask)) continue;
        if (this.#spouts.get(spout.place) === spout) continue;
        this.#spouts.set(spout.place, spout);
        spout.open();
      }
      return true;
    } catch (thrown) {
      this.#parts.job.abort(thrown);
      return false;
    }
  }

  /** Sets its clocks going. */
  begin({ control, wiring, links }: Run, restored: RestoredJob | undefined): void {
    const { plan, options, services } = this.#parts;
    if (options.acking)
      for (const [timeout, owners] of ownersByTimeout(plan, options))
        control.every(timeout, () => {
          for (const owner of owners) wiring.ackers.rotate(owner);
        });
    if (this.#needsClock) this.#everyStep(control, wiring.spouts);
    services.channels?.ackers?.((acker) => {
      if (!control.isOver) wiring.ackers.reset(acker);
    });
    links?.begin(restored);
  }

  /** What was counted in a run of `duration` us, by us and by components; `read`: by source and spout. */
  counted(
    duration: number,
    read: ReadonlyMap<string, number>,
  ): Pick<RunNumbers, 'components' | 'metrics' | 'acked' | 'failed'> {
    return {
      ...treesOf(this.counters.filter(({ component }) => read.has(component))),
      components: this.counters.map((counter) => counter.toStats(duration)),
      metrics: () => this.counters.flatMap(({ metrics }) => metrics.read()),
    };
  }

  #links(control: RunControl, lanes: readonly AckLane[], quantum: TurnQuantum): WorkerLinks | undefined {
    const { plan, services, options, survival, outcome, trees } = this.#parts;
    const { workers, world } = services;
    if (workers === undefined) return undefined;
    return new WorkerLinks({
      workers,
      plan,
      place: this.#place,
      options,
      run: ++this.#runs,
      control,
      counters: this.counters,
      trees,
      quantum,
      remembers: !survival.setsBackWorkers,
      now: () => world.clock.now(),
      since: () => services.durability?.addsTo,
      count: outcome.count,
      results: this.#results(),
      lane: (stage) => lanes[stage]!,
    });
  }

  #sink(name: string, context: RecordContext, task: number): Emit {
    const { outcome, survival } = this.#parts;
    const emit = outcome.outlets.get(name)!.emit(context, task);
    if (!survival.expires) return emit;
    return (value) => {
      if (!(context.windowEnd <= this.#outUntil)) emit(value);
    };
  }

  /** Hands over what workers send for sinks. */
  #results(): (rows: SinkRows) => void {
    const identity = new SameIdentity();
    const context: RecordContext = { timestamp: 0, windowEnd: Number.NaN, identity };
    const emits = new Map<string, (value: unknown) => void>();
    return ({ sink, task, values, times, ids }) => {
      const name = `${task}:${sink}`;
      const emit = emits.get(name) ?? this.#sink(sink, context, task);
      emits.set(name, emit);
      readValues(values).forEach((value, i) => {
        context.timestamp = times[2 * i]!;
        context.windowEnd = times[2 * i + 1]!;
        identity.begin(ids?.[i]);
        emit(value);
      });
    };
  }

  /** Spouts have the clock as their stream time, and ticks go on after the end of the input. */
  get #needsClock(): boolean {
    return this.#parts.plan.operators.some(
      (operator) => operator.kind === 'spout' || (operator.kind === 'bolt' && operator.tickEvery !== undefined),
    );
  }

  #everyStep(control: RunControl, spouts: Run['wiring']['spouts']): void {
    const { step } = this.#parts.plan;
    const next = (Math.floor(this.#parts.services.world.clock.now() / step) + 1) * step;
    control.at(next, () => {
      for (const spout of spouts) spout.heartbeat();
      control.wake();
      this.#everyStep(control, spouts);
    });
  }
}

/** Tasks of sources and spouts, numbered as the ackers know them, by message timeout. */
function ownersByTimeout({ stages, operators }: Plan, options: RecordOptions): ReadonlyMap<number, readonly number[]> {
  const owners = new Map<number, number[]>();
  let owner = 0;
  for (const { head, parallelism } of stages) {
    const operator = operators[head]!;
    if (!isSpout(operator)) continue;
    const own = operator.kind === 'spout' ? operator.messageTimeout : undefined;
    const timeout = own ?? options.messageTimeout;
    const sharing = owners.get(timeout) ?? [];
    for (let task = 0; task < parallelism; task++) sharing.push(owner++);
    owners.set(timeout, sharing);
  }
  return owners;
}
