/** Opens the sources and sinks of a plan, all or none; sources behind what an earlier life of the job has done with. */

import type { OpenRequests } from '../connectors/open-requests.js';
import { openSink } from '../connectors/open-sink.js';
import { openSource } from '../connectors/open-source.js';
import { assert } from '../core/assert.js';
import { defined } from '../core/defined.js';
import type { Plan, SinkOperator, SourceOperator } from '../plan/plan.js';
import { connectorsFolder } from '../runtime/checkpoint-folder.js';
import type { ReceiverEvent } from '../runtime/events.js';
import { type Journal, journalled } from '../runtime/journalled-source.js';
import { type Reservations, reserved } from '../runtime/reserved-source.js';
import { retained } from '../runtime/retained-source.js';
import type { SinkWriter } from '../runtime/sink.js';
import type { SourceReader } from '../runtime/source.js';
import { stamped } from '../runtime/stamped-source.js';
import type { World } from '../runtime/world.js';
import { functionId, type Topology } from '../topology/graph.js';
import type { RunOptions } from './run-options.js';
import type { SetAsides } from './set-asides.js';

/** Open ends by name. */
export interface OpenEnds {
  readonly sources: ReadonlyMap<string, SourceReader>;
  readonly sinks: ReadonlyMap<string, SinkWriter>;
}

/** Where a source partition goes on. */
export interface SourcePlace {
  readonly offset: number;
  /** From `PartitionReader.position`. */
  readonly reader: unknown;
}

/** How a job's ends are opened. */
export interface EndsParts {
  readonly job: Topology;
  readonly plan: Plan;
  readonly world: World;
  readonly options: RunOptions;
  /** Sinks must commit by epoch. */
  readonly isTransactional: boolean;
  /** Sources must be able to go back, within this process, to where they were last durable. */
  readonly isRewindable: boolean;
  /** At most once, record at a time: what is handed out is written down before. */
  readonly reservations: Reservations | undefined;
  /** At least once or more, record at a time: what cannot be read again is written down before it is handed out. */
  readonly journal: Journal | undefined;
  /** Where a partition goes on; undefined: at its beginning. */
  readonly placeOf: (source: SourceOperator, partition: number) => SourcePlace | undefined;
  /** Hears of receivers that start again. */
  readonly tell: (event: ReceiverEvent) => void;
  /** Requests that wait for results; undefined where none of the plan's sources takes any. */
  readonly requests: OpenRequests | undefined;
  /** What a fault plan does to a source. */
  readonly decorated: (name: string, reader: SourceReader) => SourceReader;
  /** What ends set aside by themselves. */
  readonly setAsides: SetAsides;
}

/** Opens every end that `options` does not bring. When one fails, those that are open are closed again. @throws StreamError */
export async function openEnds(parts: EndsParts): Promise<OpenEnds> {
  const sources = new Map<string, SourceReader>();
  const sinks = new Map<string, SinkWriter>();
  try {
    for (const operator of parts.plan.operators) {
      if (operator.kind === 'source') sources.set(operator.name, await openReader(operator, parts));
      if (operator.kind === 'sink') sinks.set(operator.name, await openWriter(operator, parts));
    }
  } catch (error) {
    await Promise.allSettled([...sources.values(), ...sinks.values()].map((end) => end.close()));
    throw error;
  }
  return { sources, sinks };
}

async function openReader(operator: SourceOperator, parts: EndsParts): Promise<SourceReader> {
  const { options, placeOf, isRewindable, decorated } = parts;
  const { name } = operator;
  const { partitions } = operator.spec.capabilities;
  const begin = Array.from({ length: partitions }, (_, index) => placeOf(operator, index));
  const journal = operator.spec.capabilities.replayable ? undefined : parts.journal;
  const at = begin.map((place, index) => journal?.endOf(name, index) ?? place);
  const from = at.map((place) => place?.offset ?? 0);
  const resume = at.map((place) => place?.reader);
  const opened =
    options.openers?.source(name, from, resume) ??
    options.readers?.get(name) ??
    (await openStamped(operator, at.some((place) => place !== undefined) ? { from, resume } : {}, parts));
  assert(opened.partitions.length === partitions, `source '${name}' has not the partitions of its spec`);
  const goesOnAt = begin.map((place) => place?.offset ?? 0);
  const reader = written(name, decorated(name, opened), { reservations: parts.reservations, journal }, goesOnAt);
  return isRewindable ? retained(reader, { from: goesOnAt }) : reader;
}

/** Record at a time: what has to stand in the log before a record is handed out. */
function written(
  name: string,
  reader: SourceReader,
  { reservations, journal }: Pick<EndsParts, 'reservations' | 'journal'>,
  from: readonly number[],
): SourceReader {
  if (reservations !== undefined) return reserved(name, reader, reservations, from);
  return journal === undefined ? reader : journalled(name, reader, journal, from);
}

async function openWriter(operator: SinkOperator, parts: EndsParts): Promise<SinkWriter> {
  const { job, world, options, isTransactional, setAsides } = parts;
  return (
    options.openers?.sink(operator.name, isTransactional) ??
    options.writers?.get(operator.name) ??
    openSink(named(operator), roleOf(job, operator.node), {
      world,
      transactional: isTransactional,
      setAside: setAsides.of(operator.name),
      ...forConnectors(parts),
    })
  );
}

async function openStamped(
  operator: SourceOperator,
  places: { readonly from?: readonly number[]; readonly resume?: readonly unknown[] },
  parts: EndsParts,
): Promise<SourceReader> {
  const { job, plan, world } = parts;
  const { rate, records } = parts.options;
  const { kind, options, capabilities } = operator.spec;
  const raw = await openSource({ name: operator.name, kind, options }, roleOf(job, operator.node), {
    world,
    setAside: parts.setAsides.of(operator.name),
    tell: (news) => parts.tell({ ...news, source: operator.name }),
    ...forConnectors(parts),
    ...places,
  });
  return stamped(raw, {
    clock: world.clock,
    scheduler: world.scheduler,
    step: plan.step,
    rate,
    records,
    live: capabilities.intake === 'receiver',
    replayable: capabilities.replayable,
    ...places,
  });
}

/** Whose ends they are, what they share, and where they may keep what lasts as long as the job's progress. */
function forConnectors({ plan, options: { checkpoint }, requests }: EndsParts): {
  readonly job: string;
  readonly folder?: string;
  readonly requests?: OpenRequests;
} {
  const folder = checkpoint?.folder;
  return {
    job: plan.name,
    ...defined({ requests, folder: folder === undefined ? undefined : connectorsFolder(folder) }),
  };
}

function named({ name, spec, delivery }: SinkOperator): {
  name: string;
  kind: string;
  options: Readonly<Record<string, unknown>>;
  delivery: 'record' | 'interval';
} {
  return { name, kind: spec.kind, options: spec.options, delivery };
}

function roleOf(job: Topology, node: number): (role: string) => unknown {
  return (role) => job.functions.get(functionId(node, `spec:${role}`));
}
