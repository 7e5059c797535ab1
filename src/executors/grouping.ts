/** Groupings: which task of the reading stage gets a record. They know neither edges nor batches. */
import { assert } from '../core/assert.js';
import { nearest, StreamError } from '../core/errors.js';
import type { Prng } from '../core/prng.js';
import type { CoreOperator, Exchange } from '../plan/plan.js';
import type { CustomGrouping, Values } from '../topology/components.js';
import type { Link } from './link.js';
import { taskOf, taskOfPair } from './task-of-key.js';
import { attributed, blaming } from './user-error.js';

/** Gives one record to a task. */
type Write = (task: number, value: unknown) => void;

/** What some groupings need beside the number of tasks. */
export interface ChoiceParts {
  /** For none groupings. */
  readonly prng: Prng;
  /** For custom groupings: makes the user's. */
  readonly createGrouping: (role: string) => CustomGrouping;
  /** Who writes. */
  readonly writer: { readonly component: string; readonly task: number };
  /** Rows that wait for a task of the reading stage, as far as it is known here. */
  readonly loadOf: (task: number) => number;
}

/** What a grouping goes by. */
export interface GroupingParts {
  readonly exchange: Exchange;
  /** Tasks of the reading stage. */
  readonly tasks: number;
  /** The operator that reads: it gets the blame for a bad key. */
  readonly reader: CoreOperator;
  /** The first task that a shuffle gives to. */
  readonly shuffleFrom: number;
  /** Not for the edge from a reader to its own chain. */
  readonly choice?: ChoiceParts;
  /** A task of the reading stage that runs where this one does. */
  readonly isNear: (task: number) => boolean;
  /** For direct groupings: the task that `emitDirect` chose. */
  readonly directTask: () => number;
}

/** Records between two looks at the load, for each task. */
const LOOK_EVERY = 8;
/** A task with so many more waiting than the least loaded one is passed over. */
const LOAD_MARGIN = 256;

/** The function that gives each record to its tasks. Source: Storm, `GrouperFactory` and `grouping/*`. */
export function pushBy(parts: GroupingParts, write: Write): Link['push'] {
  const { exchange, tasks, reader } = parts;
  const toFirst: Link['push'] = (value) => write(0, value);
  switch (exchange.kind) {
    case 'hash':
      if (tasks === 1) return toFirst;
      return (value) => write(taskOfPair(reader, value, tasks), value);
    case 'forward': {
      const own = choiceOf(parts).writer.task % tasks;
      return (value) => write(own, value);
    }
    case 'fields': {
      if (tasks === 1) return toFirst;
      const keyOf = keyBy(reader, exchange.fields);
      return (value) => write(taskOf(reader, keyOf(value), tasks), value);
    }
    case 'partialKey':
      if (tasks === 1) return toFirst;
      return byLessUsed(parts, keyBy(reader, exchange.fields), write);
    case 'shuffle':
      return exchange.loadAware === true
        ? byLoad(parts, choiceOf(parts), write)
        : inTurn(allOf(tasks), parts.shuffleFrom, write);
    case 'localOrShuffle': {
      const near = allOf(tasks).filter(parts.isNear);
      const chosen = near.length > 0 ? near : allOf(tasks);
      return inTurn(chosen, parts.shuffleFrom % chosen.length, write);
    }
    case 'none': {
      const { prng } = choiceOf(parts);
      return (value) => write(prng.below(tasks), value);
    }
    case 'all':
      return (value) => {
        for (let task = 0; task < tasks; task++) write(task, value);
      };
    case 'global':
      return toFirst;
    case 'direct':
      return (value) => {
        const task = parts.directTask();
        if (!isTask(task, tasks)) throw noDirectTask(reader, task, tasks);
        write(task, value);
      };
    case 'custom':
      return byUser(parts, choiceOf(parts), exchange.role, write);
  }
}

function allOf(tasks: number): readonly number[] {
  return Array.from({ length: tasks }, (_, task) => task);
}

function isTask(task: unknown, tasks: number): task is number {
  return Number.isInteger(task) && (task as number) >= 0 && (task as number) < tasks;
}

function choiceOf({ choice }: GroupingParts): ChoiceParts {
  assert(choice !== undefined, 'the exit of a chain can choose');
  return choice;
}

/** The key that fields make: the value of one, or a tuple of several. A field that is not there would send everything to one task. */
function keyBy(reader: CoreOperator, fields: readonly string[]): (value: unknown) => unknown {
  const fieldOf = (value: unknown, field: string): unknown => {
    const found = (value as Readonly<Record<string, unknown>> | null | undefined)?.[field];
    if (found === undefined && !hasField(value, field)) throw attributed(noSuchField(value, field), reader);
    return found;
  };
  const [first] = fields;
  if (fields.length === 1) return (value) => fieldOf(value, first!);
  return (value) => fields.map((field) => fieldOf(value, field));
}

function hasField(value: unknown, field: string): boolean {
  return typeof value === 'object' && value !== null && field in value;
}

function noSuchField(value: unknown, field: string): StreamError {
  const fields = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const near = nearest(field, fields);
  const shown = fields.length === 0 ? `is ${value === null ? 'null' : typeof value}` : `has ${fields.join(', ')}`;
  const hint = near === undefined ? 'group by a field that every tuple of the stream has' : `did you mean '${near}'?`;
  return new StreamError('RG018', `its grouping is by the field '${field}', and a tuple ${shown}`, hint);
}

function inTurn(tasks: readonly number[], from: number, write: Write): Link['push'] {
  let next = from;
  return (value) => {
    next = next + 1 === tasks.length ? 0 : next + 1;
    write(tasks[next]!, value);
  };
}

/** Each key has two tasks; which of them got less is counted by each writer for itself. */
function byLessUsed({ tasks, reader }: GroupingParts, keyOf: (value: unknown) => unknown, write: Write): Link['push'] {
  const used = new Float64Array(tasks);
  return (value) => {
    const key = keyOf(value);
    const first = taskOf(reader, key, tasks);
    const drawn = taskOf(reader, [SECOND, key], tasks);
    const second = drawn === first ? (drawn + 1) % tasks : drawn;
    const task = used[second]! < used[first]! ? second : first;
    used[task]!++;
    write(task, value);
  };
}

/** Makes another hash of a key. */
const SECOND = 'second task of';

/** In turn among the tasks that are not behind. Everything here is in step anyway: what counts is what waits on workers. */
function byLoad({ tasks, shuffleFrom }: GroupingParts, { loadOf }: ChoiceParts, write: Write): Link['push'] {
  const all = allOf(tasks);
  let chosen = all;
  let next = shuffleFrom;
  const look = soOften(tasks, () => {
    const loads = all.map(loadOf);
    const most = Math.min(...loads) + LOAD_MARGIN;
    chosen = all.filter((task) => loads[task]! <= most);
  });
  return (value) => {
    look();
    next = next + 1 >= chosen.length ? 0 : next + 1;
    write(chosen[next]!, value);
  };
}

/** To be called for each record: looks before the first one, and then at every so many. */
function soOften(tasks: number, look: () => void): () => void {
  let until = 0;
  return () => {
    if (until === 0) {
      look();
      until = LOOK_EVERY * tasks;
    }
    until--;
  };
}

/** All choices are checked before the first is written: a bad one must not leave a part of the tuple behind. */
function byUser(
  { tasks, reader }: GroupingParts,
  { createGrouping, writer, loadOf }: ChoiceParts,
  role: string,
  write: Write,
): Link['push'] {
  const grouping = blaming(reader, () => createGrouping(role));
  blaming(reader, () => grouping.prepare?.({ tasks, ...writer }));
  const checked = (task: unknown): number => {
    if (!isTask(task, tasks)) throw attributed(noSuchTask(task, tasks), reader);
    return task;
  };
  const look = soOften(tasks, () => blaming(reader, () => grouping.refreshLoad?.(allOf(tasks).map(loadOf))));
  return (value) => {
    look();
    const said = blaming(reader, () => grouping.chooseTasks(value as Values)) as unknown;
    if (!Array.isArray(said)) return write(checked(said), value);
    for (const task of said.map(checked)) write(task, value);
  };
}

function noSuchTask(task: unknown, tasks: number): StreamError {
  const shown = typeof task === 'number' ? `task ${task}` : `${task === null ? 'null' : typeof task} as a task`;
  const message = `its custom grouping chose ${shown}; the tasks of the bolt are 0 to ${tasks - 1}`;
  return new StreamError('RG039', message, 'return the numbers of tasks below the one that prepare() was told');
}

function noDirectTask(reader: CoreOperator, task: number, tasks: number): StreamError {
  const message = `emitDirect to task ${task} of '${reader.uid}', whose tasks are 0 to ${tasks - 1}`;
  return new StreamError('RG036', message, 'choose a task below the reader’s parallelism');
}
