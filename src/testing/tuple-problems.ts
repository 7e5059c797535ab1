/** What is wrong with the options of a run of tuples, and with names in them. */
import { StreamError, StreamErrors } from '../core/errors.js';
import { compile } from '../plan/compile.js';
import type { Mode } from '../runtime/events.js';
import type { MessageId } from '../topology/components.js';
import type { Topology } from '../topology/graph.js';
import { notOneOf, notWhole, unknownNames } from './names.js';
import type { InactiveStretch, TupleRunOptions } from './run-tuples.js';
import type { SpoutScript } from './scripted-spout.js';
import type { TupleFault } from './tuple-faults.js';

type GivenOptions = TupleRunOptions & { readonly mode: Mode };

/** Everything that tuples are delivered to. @throws StreamErrors for options that are wrong, and what does not compile. */
export function checkedConsumers(topology: Topology, options: GivenOptions): readonly string[] {
  const { mode, faults = [], parallelism = 1 } = options;
  const problems = problemsOf(spoutNames(topology), options);
  if (problems.length > 0) throw new StreamErrors(problems);
  const components = consumersOf(topology, mode, parallelism);
  const unknown = unknownComponents(topology, faults, components);
  if (unknown.length > 0) throw new StreamErrors(unknown);
  return components;
}

function spoutNames(topology: Topology): readonly string[] {
  return topology.graph.nodes.flatMap((node) => (node.kind === 'spout' ? [node.name] : []));
}

function problemsOf(names: readonly string[], options: GivenOptions): readonly StreamError[] {
  const { mode, spouts, faults = [], until, inactive = [], messageTimeout, maxSpoutPending, ackers } = options;
  const isNoTimeout = messageTimeout !== undefined && !(messageTimeout > 0);
  return [
    ...notOneOf('mode', mode, ['micro-batch', 'record']),
    ...(mode === 'micro-batch' ? ofRecordMode({ messageTimeout, ackers, faults: faults[0] }) : []),
    ...unknownNames('spout', Object.keys(spouts), names),
    ...faults.flatMap((fault) => [...notOneOf('drop', fault.drop, ['tuple', 'ack']), ...notWhole('nth', fault.nth, 1)]),
    ...Object.entries(spouts).flatMap(([name, { messages }]) => duplicateIds(name, messages)),
    ...Object.values(spouts).flatMap((script) => notWhole('maxReplays', script.maxReplays, 0)),
    ...notWhole('maxSpoutPending', maxSpoutPending, 1),
    ...notWhole('ackers', ackers, 1),
    ...(isNoTimeout
      ? [
          new StreamError(
            'RG010',
            `the message timeout is ${messageTimeout}; it must be more than 0`,
            'use for example millis(500)',
          ),
        ]
      : []),
    ...(until === undefined || until.virtualMs >= 0 ? [] : notWhole('until.virtualMs', until.virtualMs, 0)),
    ...Object.entries(spouts).flatMap(([name, { messages }]) => timesThatAreNone(name, messages)),
    ...ofStretches(inactive),
  ];
}

/** Micro-batches have neither message timeouts nor ackers, and their tuples travel in no channels. */
function ofRecordMode(given: Readonly<Record<string, unknown>>): readonly StreamError[] {
  const names = Object.keys(given).filter((name) => given[name] !== undefined);
  return names.map((name) => {
    const message = `${name} is an option of record mode: micro-batches have no ackers, and a tuple is answered within its batch`;
    return new StreamError('RG019', message, `leave ${name} out, or use mode: 'record'`);
  });
}

function duplicateIds(spout: string, messages: SpoutScript['messages']): readonly StreamError[] {
  const seen = new Set<MessageId>();
  const twice = new Set<MessageId>();
  for (const { id } of messages) (seen.has(id) ? twice : seen).add(id);
  return Array.from(twice, (id) => {
    const message = `spout '${spout}' has the message id ${JSON.stringify(id)} more than once; an id names one message`;
    return new StreamError('RG014', message, 'give each message an id of its own');
  });
}

function timesThatAreNone(spout: string, messages: SpoutScript['messages']): readonly StreamError[] {
  return messages.flatMap(({ id, virtualMs = 0 }) => {
    if (virtualMs >= 0 && virtualMs < Number.POSITIVE_INFINITY) return [];
    const message = `message ${JSON.stringify(id)} of spout '${spout}' has virtualMs ${virtualMs}; it must be a number, 0 or more`;
    return [new StreamError('RG011', message, 'leave virtualMs out for a message that comes at once')];
  });
}

/** Each is to begin no sooner than the one before ends, and to last. */
function ofStretches(stretches: readonly InactiveStretch[]): readonly StreamError[] {
  return stretches.flatMap(({ fromMs, toMs }, index) => {
    const before = stretches[index - 1]?.toMs ?? 0;
    if (fromMs >= before && toMs > fromMs && toMs < Number.POSITIVE_INFINITY) return [];
    const message = `the job is to be inactive from ${fromMs} to ${toMs} virtual ms; fromMs must be ${before} or more, and toMs more than fromMs`;
    return [new StreamError('RG011', message, 'give stretches in order, for example { fromMs: 100, toMs: 500 }')];
  });
}

/** An operator that has no edge since it is chained is there all the same: its problem is another one. */
function unknownComponents(
  topology: Topology,
  faults: readonly TupleFault[],
  components: readonly string[],
): readonly StreamError[] {
  const names = faults.map((fault) => fault.component);
  if (names.every((name) => components.includes(name))) return [];
  const chained = consumersOf(topology, 'record', 2).filter((name) => !components.includes(name));
  return [
    ...names
      .filter((name) => chained.includes(name))
      .map((name) => {
        const message = `component '${name}' is chained to what feeds it at parallelism 1, so no tuple is on its way to it`;
        return new StreamError('RG005', message, 'use parallelism: 2, which gives it edges');
      }),
    ...unknownNames(
      'component',
      names.filter((name) => !chained.includes(name)),
      components,
    ),
  ];
}

/** Everything that tuples are delivered to: bolts by name, and keyed operators behind an exchange by uid. */
function consumersOf(topology: Topology, mode: Mode, parallelism: number): readonly string[] {
  const { operators, stages } = compile(topology, { mode, parallelism });
  return stages.flatMap(({ head }) => {
    const operator = operators[head]!;
    if (operator.kind === 'source' || operator.kind === 'spout') return [];
    return [operator.kind === 'bolt' ? operator.name : operator.uid];
  });
}
