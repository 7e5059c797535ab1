/** Runs one scenario to its end in a simulated World: as many lives of the driver as it takes. What came of it is for the judge. */
import { StreamError, StreamErrors } from '../../core/errors.js';
import type { StoreMaker } from '../../core/keyed-store.js';
import { prng } from '../../core/prng.js';
import type { JobResult, RunningJob } from '../../executors/executor.js';
import { loadExecutors } from '../../host/executors.js';
import { type RunOptions, start } from '../../host/run.js';
import { simulatedTaskWorkers } from '../../host/simulated-workers.js';
import type { JobEvent } from '../../runtime/events.js';
import type { Fault } from '../../runtime/faults/fault-plan.js';
import { faultyFiles } from '../../runtime/faults/faulty-files.js';
import type { CallCounts } from '../../runtime/faults/faulty-functions.js';
import { createSimulatedWorld, type SimulatedWorld } from '../../runtime/simulated-world.js';
import type { Files } from '../../runtime/world.js';
import type { Topology } from '../../topology/graph.js';
import { beyondOracle } from '../beyond-oracle.js';
import type { SpoutLedger } from '../spouts/spout-ledger.js';
import { recordCount, type TimedTrace } from '../trace.js';
import { Damage } from './damage.js';
import { EventHash } from './event-hash.js';
import { Incarnation } from './incarnation.js';
import { clog, type Network } from './network.js';
import { OutsideSink, OutsideSource } from './outside.js';
import { realCall } from './real-calls.js';
import { pendingMax, type Scenario } from './scenario.js';
import type { ScenarioRun } from './scenario-run.js';

/** Lives of a driver, and events of the simulation, after which a job counts as one that never ends. */
const LIVES_MAX = 60;
const EVENTS_MAX = 3_000_000;
/** Virtual time after the last record in which a life must end (us): faults are over by then, so this is the proof that it goes on. */
const PATIENCE = 600_000_000;
/** Where the simulated driver keeps its progress. */
const FOLDER = '/checkpoint';

/** What a scenario is run with beside its job and input. */
export interface ScenarioParts {
  /** Of the job's spouts, where it has any. */
  readonly ledger?: SpoutLedger;
  /** Default: in memory. */
  readonly createStore?: StoreMaker | undefined;
}

export async function runScenario(
  job: Topology,
  trace: TimedTrace,
  scenario: Scenario,
  parts: ScenarioParts = {},
): Promise<ScenarioRun> {
  await loadExecutors();
  const run = new Run(job, trace, scenario, parts);
  await run.toEnd();
  return run.outcome();
}

class Run {
  readonly #job: Topology;
  readonly #trace: TimedTrace;
  readonly #scenario: Scenario;
  readonly #ledger: SpoutLedger | undefined;
  readonly #createStore: StoreMaker | undefined;
  readonly #world: SimulatedWorld;
  readonly #files: Files;
  readonly #network: Network;
  readonly #damage: Damage;
  readonly #violations: string[] = [];
  readonly #sources: ReadonlyMap<string, OutsideSource>;
  readonly #sinks: ReadonlyMap<string, OutsideSink>;
  readonly #counts: CallCounts = new Map();
  readonly #struck = new Set<Fault>();
  readonly #hash = new EventHash();
  readonly #pendingMax: number;
  #end: JobResult | undefined;
  #running: RunningJob | undefined;
  /** How far the next life's clock is ahead (us). */
  #ahead = 0;
  /** By how much the clock is set back until then (us). */
  #back = 0;
  #lives = 0;
  #replayed = 0;
  #restores = 0;
  #twins = 0;
  #timeouts = 0;
  #beyondOracle: string | undefined;

  constructor(job: Topology, trace: TimedTrace, scenario: Scenario, { ledger, createStore }: ScenarioParts) {
    this.#job = job;
    this.#ledger = ledger;
    this.#createStore = createStore;
    this.#trace = trace;
    this.#scenario = scenario;
    this.#world = createSimulatedWorld({
      seed: scenario.seed,
      start: trace.start,
      workers: { 'task-worker': simulatedTaskWorkers(job, undefined, createStore) },
    });
    this.#files = faultyFiles(this.#world.files, scenario.faults);
    this.#network = { delayMax: scenario.delayMax, prng: prng(scenario.seed).fork('network'), links: new Set() };
    this.#damage = new Damage(this.#world.files, scenario);
    // Without checkpoints a job that its workers have ended begins anew; what cannot be read again goes on where it was told.
    const beginsAnew = scenario.record.ackOn === 'expiry';
    const mayRepeat = (): boolean => scenario.isReplayable && (this.#damage.hasStruck || beginsAnew);
    const outside = { violation: this.#violation, mayRepeat, goesOn: beginsAnew && !scenario.isReplayable };
    this.#sources = new Map(trace.sources.map((source) => [source.name, new OutsideSource(source, outside)]));
    const names = job.graph.nodes.flatMap((node) => (node.kind === 'sink' ? [node.name] : []));
    this.#sinks = new Map(names.map((name) => [name, new OutsideSink(name, this.#violation)]));
    const isBounded = scenario.mode === 'record' && scenario.guarantee !== 'at-most-once';
    this.#pendingMax = isBounded ? pendingMax(job, trace, scenario) : Number.POSITIVE_INFINITY;
  }

  async toEnd(): Promise<void> {
    const random = prng(this.#scenario.seed).fork('crashes');
    while (this.#lives < LIVES_MAX) {
      const life = this.#begin();
      const end = await this.#live(life);
      life.kill();
      this.#ahead = life.ahead + this.#back;
      this.#back = 0;
      this.#hash.add({ end: typeof end === 'string' ? end : end.outcome, now: this.#world.clock.now() });
      if (end === 'broken') return;
      if (end === 'stuck') return this.#violation('the job never came to an end');
      if (typeof end !== 'string' && end.outcome === 'finished') return this.#finished(end);
      const unreal = typeof end === 'string' ? undefined : realCall(end.error);
      if (unreal !== undefined) throw unreal;
      const isRefused = typeof end !== 'string' && end.error?.code === 'RG054' && (await this.#damage.repaired());
      if (!isRefused && typeof end !== 'string' && end.error !== undefined && !isOutage(end.error))
        return this.#violation(`the job failed: ${end.error.code}: ${end.error.message}`);
      if (end === 'killed') this.#world.files.crash(random);
      await this.#damage.strike(this.#lives);
      await this.#world.run(this.#world.clock.now() + this.#scenario.downtime);
    }
    this.#violation(`the job had ${LIVES_MAX} lives and has not come to an end`);
  }

  outcome(): ScenarioRun {
    return {
      scenario: this.#scenario,
      violations: this.#violations,
      results: new Map([...this.#sinks].map(([name, sink]) => [name, sink.visible])),
      end: this.#end,
      reread: [...this.#sources.values()].reduce((sum, source) => sum + source.reread, 0),
      replayed: this.#replayed,
      restores: this.#restores,
      twins: this.#twins,
      lives: this.#lives,
      beyondOracle: this.#beyondOracle,
      traceHash: this.#hash.digest(),
    };
  }

  readonly #violation = (what: string): void => {
    this.#violations.push(what);
  };

  #begin(): Incarnation {
    const number = ++this.#lives;
    this.#network.links.clear();
    this.#running = undefined;
    const life = new Incarnation({
      world: this.#world,
      number,
      files: this.#files,
      ahead: this.#ahead,
      network: this.#network,
      diskDelayMax: this.#scenario.diskDelayMax,
      crashes: this.#scenario.faults.flatMap((fault) =>
        fault.kind === 'crash' && Number(fault.target) === number ? [fault.nth] : [],
      ),
      onEvent: () => this.#checkPending(),
    });
    const { clock } = life.world;
    const spoutLife = {
      now: () => clock.now(),
      get isAlive() {
        return life.isAlive;
      },
    };
    this.#ledger?.begin(spoutLife, this.#violation);
    return life;
  }

  /** One life: until the job ends, is killed, cannot begin, hangs, or meets a bug. */
  async #live(life: Incarnation): Promise<JobResult | 'killed' | 'stuck' | 'broken'> {
    const ended = start(this.#job, this.#options(life)).then(
      (job) => {
        this.#running = job;
        return job.done;
      },
      (error: unknown): JobResult => {
        const first = error instanceof StreamErrors ? error.problems[0] : error;
        if (first instanceof StreamError && first.code !== 'RG063')
          return { outcome: 'failed', error: first } as JobResult;
        throw first;
      },
    );
    try {
      return await this.#world.complete(Promise.race([ended, life.killed, this.#patience()]), EVENTS_MAX);
    } catch (error) {
      // A plan that cannot be followed is its author's mistake, and no broken promise.
      if (error instanceof StreamError) throw error;
      const message = error instanceof Error ? error.message : String(error);
      if (/no event is left|has not come to rest/.test(message)) return 'stuck';
      this.#violation(`the engine threw ${error instanceof Error ? error.name : 'something'}: ${message}`);
      return 'broken';
    }
  }

  /** Settles long after the last record: a job that is not done by then hangs. */
  #patience(): Promise<'stuck'> {
    const { scheduler, clock } = this.#world;
    const end = Math.max(clock.now(), this.#trace.end - Math.min(0, this.#ahead));
    return new Promise((resolve) => scheduler.at(end + PATIENCE, () => resolve('stuck')));
  }

  /** Never more tuples are pending than the job allows. */
  #checkPending(): void {
    if (this.#running === undefined || this.#violations.length > 0) return;
    const { pending } = this.#running.progress();
    if (pending > this.#pendingMax)
      this.#violation(`${pending} tuples are pending, and the limit is ${this.#pendingMax}`);
  }

  /** When the job ends, every tree has its verdict. */
  #finished(end: JobResult): void {
    this.#end = end;
    const { pending } = this.#running!.progress();
    if (pending > 0) this.#violation(`the job has ended, and ${pending} records are pending`);
    this.#ledger?.finished();
    // A bolt that holds tuples, or forgets them, lets them time out by itself.
    if (this.#job.graph.nodes.some(({ kind }) => kind === 'bolt')) return;
    const { faults } = this.#scenario;
    // An answer that is lost, late or repeated costs its own tree an attempt, and no other tree, in each life.
    const answers = faults.filter(({ kind }) => ANSWERS.test(kind)).length * this.#lives;
    const isSlow = faults.some(({ kind, target }) => target !== 'driver' && SLOWS_TREES.test(kind));
    if (!isSlow && this.#timeouts > answers)
      this.#violation(`${this.#timeouts} trees have timed out, and only ${answers} lacked an answer`);
  }

  #options(life: Incarnation): RunOptions {
    const { mode, guarantee, parallelism, chaining, workers, seed, faults, attemptsMax, records } = this.#scenario;
    const spouts = this.#job.graph.nodes.filter(({ kind }) => kind === 'spout');
    const { snapshotBatches, snapshotTime, segmentBytes, increments, microBatch, record } = this.#scenario;
    const checkpoint = { folder: FOLDER, batches: snapshotBatches, time: snapshotTime, segmentBytes, increments };
    return {
      mode,
      parallelism,
      chaining,
      seed,
      settings: { guarantee, attemptsMax },
      world: life.world,
      listener: (event) => {
        if (life.isAlive) this.#heard(event);
      },
      ...(record.ackOn === 'expiry' ? {} : { checkpoint }),
      ...(workers === 0 ? {} : { workers: { count: workers, isolation: 'thread', job: undefined } }),
      microBatch,
      record,
      ...(this.#createStore === undefined ? {} : { state: this.#createStore }),
      openers: {
        source: (name, offsets) => this.#sources.get(name)!.open(life, offsets),
        sink: (name, isTransactional) => this.#sinks.get(name)!.open(life, isTransactional),
      },
      faults: {
        // A fault strikes once in all lives; files were decorated outside of them.
        plan: faults.filter((fault) => !this.#struck.has(fault)),
        total: recordCount(this.#trace) + records * spouts.length,
        counts: this.#counts,
        killDriver: () => life.kill(),
        onStrike: (fault) => this.#strike(fault, life),
      },
    };
  }

  #strike(fault: Fault, life: Incarnation): void {
    this.#struck.add(fault);
    if (fault.kind === 'clog') clog(this.#network, this.#world.clock.now() + fault.span);
    if (fault.kind !== 'jump') return;
    if (fault.span > 0) life.jump(fault.span);
    else this.#back += fault.span;
  }

  #heard(event: JobEvent): void {
    if (event.kind === 'tupleReplayed') this.#replayed += 1;
    if (event.kind === 'jobRestored') this.#restores += 1;
    if (event.kind === 'taskSpeculated') this.#twins += 1;
    if (event.kind === 'deadLetter') this.#beyondOracle ??= beyondOracle(event.code);
    if (event.kind === 'tupleFailed' && event.reason === 'timeout') this.#timeouts += 1;
    this.#hash.add(event);
  }
}

const ANSWERS = /-(ack|fail|tuple)$/;
/** What else keeps a tree from being done in time. */
const SLOWS_TREES = /^(kill|terminate|stop|clog|jump|lose-acker)$/;

/** Errors of the machine: whoever runs the job mends it and starts again. */
const isOutage = ({ code }: StreamError): boolean => ['RG057', 'RG046', 'RG059'].includes(code);
