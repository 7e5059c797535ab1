/** What a worker is started with, as plain data: enough to come to the driver's plan, and nothing that cannot be copied. */
import type { Mode } from '../runtime/events.js';
import type { FaultPlan } from '../runtime/faults/fault-plan.js';
import type { JobSettings } from '../topology/graph.js';
import type { SinkSpec, SourceSpec } from '../topology/specs.js';
import type { CompileOptions } from './compile-job.js';
import type { JobLocation } from './load-job.js';
import type { StateKind } from './open-state.js';

/** What all workers of a job share. */
export interface JobSetup {
  /** Undefined where workers get the topology itself: in simulation. */
  readonly job: JobLocation | undefined;
  readonly mode: Mode;
  readonly parallelism: number | undefined;
  readonly chaining: boolean | undefined;
  readonly settings: Partial<JobSettings>;
  readonly sources: Readonly<Record<string, PlainSpec>>;
  readonly sinks: Readonly<Record<string, PlainSpec>>;
  readonly seed: number;
  /** Modules, by path or URL, whose export `decorate` changes the topology as the driver changed it; in this order. */
  readonly decorators?: readonly string[];
  /** Where the state of its tasks is. */
  readonly state?: StateKind;
  /** What is broken on purpose: workers need what it does to functions. */
  readonly faults?: FaultPlan;
}

/** What one worker is started with. */
export interface WorkerSetup extends JobSetup {
  readonly worker: number;
  /** Counts from 1; one more each time it was lost. */
  readonly incarnation: number;
}

/** A spec without its functions and data: workers open no ends. What a plan's hash has of them stays: text, or type. */
interface PlainSpec extends Pick<SourceSpec<unknown>, 'kind' | 'options' | 'capabilities'> {
  readonly functions: Readonly<Record<string, { readonly type: string; readonly text: string | undefined }>>;
}

/** The setup of a job's workers. */
export function jobSetup(job: JobLocation | undefined, options: CompileOptions, seed = 1): JobSetup {
  const { mode, parallelism, chaining, settings = {}, sources = {}, sinks = {} } = options;
  return { job, mode, parallelism, chaining, settings, sources: allPlain(sources), sinks: allPlain(sinks), seed };
}

/** The options of `compileJob` that the setup was made from, with stand-ins for functions of replaced ends. */
export function compileOptionsOf(setup: JobSetup): CompileOptions {
  const { mode, parallelism, chaining, settings } = setup;
  return {
    mode,
    parallelism,
    chaining,
    settings,
    sources: mapped(setup.sources, (spec) => ({ role: 'source', ...withStandIns(spec) }) as SourceSpec<unknown>),
    sinks: mapped(setup.sinks, (spec) => ({ role: 'sink', ...withStandIns(spec) }) as unknown as SinkSpec<never>),
  };
}

function allPlain(specs: Readonly<Record<string, SourceSpec<unknown> | SinkSpec<never>>>): Record<string, PlainSpec> {
  return mapped(specs, ({ kind, options, capabilities, functions = {} }) => ({
    kind,
    options,
    capabilities: capabilities as PlainSpec['capabilities'],
    functions: mapped(functions, (value) => ({
      type: typeof value,
      text: typeof value === 'function' ? String(value) : undefined,
    })),
  }));
}

function withStandIns({ kind, options, capabilities, functions }: PlainSpec) {
  return { kind, options, capabilities, functions: mapped(functions, standIn) };
}

/** Something of the same type that says the same of itself. It is never called. */
function standIn({ type, text }: PlainSpec['functions'][string]): unknown {
  switch (type) {
    case 'function':
      return Object.assign(() => undefined, { toString: () => text });
    case 'string':
      return '';
    case 'number':
      return 0;
    case 'boolean':
      return false;
    case 'undefined':
      return undefined;
    default:
      return {};
  }
}

function mapped<T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}
