/** Groupings: which task of the reading stage gets a record. Knows edges, and not what travels on them. */
import { assert } from '../../core/assert.js';
import { nearest, StreamError } from '../../core/errors.js';
import type { CoreOperator } from '../../plan/plan.js';
import type { Values } from '../../topology/components.js';
import type { Link } from '../link.js';
import { taskOf, taskOfPair } from '../task-of-key.js';
import { attributed, blaming } from '../user-error.js';
import type { Edge } from './edge.js';
import type { ChoiceParts, ExitParts } from './exit.js';

/** Writes one record into an edge. */
type Write = (edge: Edge, value: unknown) => void;

/** Records between two looks at the load, for each task. */
const LOOK_EVERY = 8;
/** A task with so many more waiting than the least loaded one is passed over. */
const LOAD_MARGIN = 256;

/** The function that gives each record to its tasks. Source: Storm, `GrouperFactory` and `grouping/*`. */
export function pushBy(parts: ExitParts, write: Write): Link['push'] {
  const { exchange, edges, reader } = parts;
  const only = edges.length === 1 ? edges[0]! : undefined;
  switch (exchange.kind) {
    case 'hash':
      if (only !== undefined) return (value) => write(only, value);
      return (value) => write(edges[taskOfPair(reader, value, edges.length)]!, value);
    case 'fields': {
      if (only !== undefined) return (value) => write(only, value);
      const keyOf = keyBy(reader, exchange.fields);
      return (value) => write(edges[taskOf(reader, keyOf(value), edges.length)]!, value);
    }
    case 'partialKey':
      if (only !== undefined) return (value) => write(only, value);
      return byLessUsed(parts, keyBy(reader, exchange.fields), write);
    case 'shuffle':
      return exchange.loadAware === true
        ? byLoad(parts, choiceOf(parts), write)
        : inTurn(edges, parts.shuffleFrom, write);
    case 'localOrShuffle': {
      const near = edges.filter((_, task) => parts.isNear(task));
      const chosen = near.length > 0 ? near : edges;
      return inTurn(chosen, parts.shuffleFrom % chosen.length, write);
    }
    case 'none': {
      const { prng } = choiceOf(parts);
      return (value) => write(edges[prng.below(edges.length)]!, value);
    }
    case 'all':
      return (value) => {
        for (const edge of edges) write(edge, value);
      };
    case 'global':
      return (value) => write(edges[0]!, value);
    case 'direct':
      return (value) => {
        const task = parts.directTask();
        const edge = edges[task];
        if (edge === undefined) throw noDirectTask(reader, task, edges.length);
        write(edge, value);
      };
    case 'custom':
      return byUser(parts, choiceOf(parts), exchange.role, write);
  }
}

function choiceOf({ choice }: ExitParts): ChoiceParts {
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

function inTurn(edges: readonly Edge[], from: number, write: Write): Link['push'] {
  let next = from;
  return (value) => {
    next = next + 1 === edges.length ? 0 : next + 1;
    write(edges[next]!, value);
  };
}

/** Each key has two tasks; which of them got less is counted by each writer for itself. */
function byLessUsed({ edges, reader }: ExitParts, keyOf: (value: unknown) => unknown, write: Write): Link['push'] {
  const used = new Float64Array(edges.length);
  return (value) => {
    const key = keyOf(value);
    const first = taskOf(reader, key, edges.length);
    const drawn = taskOf(reader, [SECOND, key], edges.length);
    const second = drawn === first ? (drawn + 1) % edges.length : drawn;
    const task = used[second]! < used[first]! ? second : first;
    used[task]!++;
    write(edges[task]!, value);
  };
}

/** Makes another hash of a key. */
const SECOND = 'second task of';

/** In turn among the tasks that are not behind. Everything here is in step anyway: what counts is what waits on workers. */
function byLoad({ edges, shuffleFrom }: ExitParts, { loadOf }: ChoiceParts, write: Write): Link['push'] {
  let chosen = edges;
  let next = shuffleFrom;
  const look = soOften(edges, () => {
    const loads = edges.map((_, task) => loadOf(task));
    const most = Math.min(...loads) + LOAD_MARGIN;
    chosen = edges.filter((_, task) => loads[task]! <= most);
  });
  return (value) => {
    look();
    next = next + 1 >= chosen.length ? 0 : next + 1;
    write(chosen[next]!, value);
  };
}

/** To be called for each record: looks before the first one, and then at every so many. */
function soOften(edges: readonly Edge[], look: () => void): () => void {
  let until = 0;
  return () => {
    if (until === 0) {
      look();
      until = LOOK_EVERY * edges.length;
    }
    until--;
  };
}

/** All choices are checked before the first is written: a bad one must not leave a part of the tuple behind. */
function byUser(
  { edges, reader }: ExitParts,
  { createGrouping, writer, loadOf }: ChoiceParts,
  role: string,
  write: Write,
): Link['push'] {
  const grouping = blaming(reader, () => createGrouping(role));
  blaming(reader, () => grouping.prepare?.({ tasks: edges.length, ...writer }));
  const edgeOf = (task: unknown): Edge => {
    const edge = typeof task === 'number' ? edges[task] : undefined;
    if (edge === undefined) throw attributed(noSuchTask(task, edges.length), reader);
    return edge;
  };
  const look = soOften(edges, () =>
    blaming(reader, () => grouping.refreshLoad?.(edges.map((_, task) => loadOf(task)))),
  );
  return (value) => {
    look();
    const said = blaming(reader, () => grouping.chooseTasks(value as Values)) as unknown;
    if (!Array.isArray(said)) return write(edgeOf(said), value);
    for (const edge of said.map(edgeOf)) write(edge, value);
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
