/** A partition of the source that reads several of the topic's: what it gives, in which order, and that a restart gives the same again. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lane } from '../../src/connectors/kafka/lane.js';
import { KafkaPartition, type KafkaPosition, placesIn } from '../../src/connectors/kafka/partition.js';
import type { FetchedPartition } from '../../src/connectors/kafka/port.js';
import { SPAN } from '../../src/connectors/kafka/record-batches.js';
import { Turns, type TurnsState } from '../../src/connectors/kafka/turns.js';

const FOREVER = Number.POSITIVE_INFINITY;

describe('a partition of the source kafka', () => {
  it('gives each its turn, though one always has enough', () => {
    const { partition, lanes } = opened([0, 0]);
    fetch(lanes[0]!, 0, 10);
    fetch(lanes[1]!, 0, 10);
    expect([...taken(partition, 3), ...taken(partition, 3)]).toEqual(['0:0', '0:1', '0:2', '1:0', '1:1', '1:2']);
  });

  it('tells of each partition of the topic how far it is durable, over gaps', () => {
    const told: (readonly [number, number])[] = [];
    const { partition, lanes } = opened([0, 0], { onCommit: (of, offset) => told.push([of, offset]) });
    fetch(lanes[0]!, 0, 2);
    fetch(lanes[1]!, 5, 7);
    taken(partition, 10);
    fetch(lanes[0]!, 4, 6);
    taken(partition, 10);
    partition.commit(3);
    partition.commit(5);
    partition.commit(6);
    expect(told).toEqual([
      [0, 2],
      [1, 6],
      [1, 7],
      [0, 5],
      [0, 6],
    ]);
    expect(partition.isCommitted).toBe(true);
  });

  it('says nothing of turns where it reads one partition only, and goes on from what it said', () => {
    const { partition, lanes } = opened([3]);
    fetch(lanes[0]!, 3, 8);
    taken(partition, 2);
    expect(partition.position()).toEqual({ next: 5 });
  });

  it('waits for the one whose turn it was, and wakes nobody before', () => {
    const turns = { turns: '0@1 1@1 0@2', forgotten: {} };
    const later = { next: 2, others: { 1: 1 }, turns };
    const { partition, lanes } = opened([0, 0], { later });
    let wakes = 0;
    fetch(lanes[0]!, 0, 5);
    expect(taken(partition, 10)).toEqual(['0:0']);
    partition.onReady(() => wakes++);
    fetch(lanes[0]!, 5, 6);
    expect(wakes).toBe(0);
    fetch(lanes[1]!, 0, 3);
    expect(wakes).toBe(1);
    expect(taken(partition, 10)).toEqual(['1:0', '0:1', '0:2', '0:3', '0:4', '0:5', '1:1', '1:2']);
  });

  it('lets a turn go whose last record was compacted away', () => {
    const later = { next: 4, others: { 1: 1 }, turns: { turns: '0@4 1@1', forgotten: {} } };
    const { partition, lanes } = opened([0, 0], { later });
    fetch(lanes[0]!, 0, 2);
    fetch(lanes[0]!, 7, 8);
    fetch(lanes[1]!, 0, 1);
    expect(taken(partition, 10)).toEqual(['0:0', '0:1', '1:0', '0:7']);
  });

  it('has what was read of one partition before another was added first, when it was not read again yet', () => {
    const { partition, lanes } = opened([2, 0], { position: { next: 2 }, later: { next: 4 } });
    fetch(lanes[1]!, 0, 2);
    fetch(lanes[0]!, 2, 3);
    expect(taken(partition, 10)).toEqual(['0:2']);
    fetch(lanes[0]!, 3, 4);
    expect(taken(partition, 10)).toEqual(['0:3', '1:0', '1:1']);
  });

  it('gives the same again in the same order from any place on, however its fetches come', () => {
    fc.assert(
      fc.property(fc.array(step(), { maxLength: 60 }), fc.nat(), fc.infiniteStream(fc.nat(3)), (steps, at, draws) => {
        const first = opened([0, 0, 0]);
        const places: { readonly count: number; readonly position: KafkaPosition }[] = [];
        const order: unknown[] = [];
        const next = [0, 0, 0];
        const keep = (): void =>
          void places.push({ count: order.length, position: copied(first.partition.position()) });
        keep();
        for (const { lane, records, take, isCommitted } of steps) {
          fetch(first.lanes[lane]!, next[lane]!, next[lane]! + records);
          next[lane]! += records;
          order.push(...taken(first.partition, take));
          keep();
          // As far as the place before the last: a restart begins behind it.
          if (isCommitted) first.partition.commit(places[Math.max(0, places.length - 3)]!.count);
        }
        const from = places[at % places.length]!;
        const last = places.at(-1)!;
        const starts = placesIn(from.position, 0);
        const again = opened(
          [0, 1, 2].map((one) => starts.get(one) ?? 0),
          { position: from.position, later: last.position, taken: from.count },
        );
        const given = [0, 1, 2].map((one) => starts.get(one) ?? 0);
        const repeated: unknown[] = [];
        for (let turn = 0; repeated.length < last.count - from.count; turn++) {
          const lane = turn < 200 ? draws.next().value! % 3 : turn % 3;
          const to = Math.min(given[lane]! + 2, next[lane]!);
          fetch(again.lanes[lane]!, given[lane]!, to);
          given[lane] = to;
          repeated.push(...taken(again.partition, last.count - from.count - repeated.length));
          if (turn > 2_000) break;
        }
        expect(repeated).toEqual(order.slice(from.count, last.count));
      }),
    );
  });
});

describe('turns', () => {
  it('are forgotten when they are long done; who goes back behind them is refused', () => {
    const turns = new Turns(undefined, new Map());
    for (let at = 1; at <= 1_000; at++) for (const one of [0, 1]) turns.took(one, at);
    turns.commit(0, 1_000);
    turns.commit(1, 1_000);
    const state = JSON.parse(JSON.stringify(turns.state())) as TurnsState;
    expect(state.turns.split(' ')).toHaveLength(300);
    expect(state.forgotten).toEqual({ 0: 850, 1: 850 });
    expect(
      new Turns(
        state,
        new Map([
          [0, 900],
          [1, 850],
        ]),
      ).due,
    ).toEqual({ partition: 0, end: 851 });
    expect(
      () =>
        new Turns(
          state,
          new Map([
            [0, 900],
            [1, 849],
          ]),
        ),
    ).toThrow('not remembered');
  });
});

interface Step {
  readonly lane: number;
  readonly records: number;
  readonly take: number;
  readonly isCommitted: boolean;
}

function step(): fc.Arbitrary<Step> {
  return fc.record({ lane: fc.nat(2), records: fc.nat(6), take: fc.nat(8), isCommitted: fc.boolean() });
}

/** A partition with a lane for each start. */
function opened(
  starts: readonly number[],
  options: Partial<ConstructorParameters<typeof KafkaPartition>[0]> = {},
): { readonly partition: KafkaPartition; readonly lanes: readonly Lane[] } {
  const partition = new KafkaPartition({
    ...{ index: 0, taken: 0, position: undefined, isReplayable: true, onCommit: () => undefined },
    ...options,
  });
  const lanes = starts.map((start, one) => {
    const values = { topic: 'lines', format: 'text', as: 'value' } as const;
    return new Lane({ ...values, partition: one, start, until: FOREVER });
  });
  for (const lane of lanes) partition.add(lane);
  return { partition, lanes };
}

/** Records `PARTITION:OFFSET`. */
function fetch(lane: Lane, from: number, to: number): void {
  const texts = Array.from({ length: to - from }, (_, at) => `${lane.partition}:${from + at}`);
  const spans = new Int32Array(texts.length * SPAN).fill(-1);
  let at = 0;
  texts.forEach((text, index) => {
    spans[index * SPAN + 2] = at;
    spans[index * SPAN + 3] = text.length;
    at += text.length;
  });
  const run = {
    bytes: Buffer.from(texts.join('')),
    count: texts.length,
    offsets: Float64Array.from(texts, (_, index) => from + index),
    timestamps: new Float64Array(texts.length),
    spans,
  };
  const answer: FetchedPartition = {
    ...{ partition: lane.partition, state: 'ok', stableOffset: to },
    runs: texts.length === 0 ? [] : [run],
    nextOffset: to,
  };
  lane.add(answer);
}

function taken(partition: KafkaPartition, max: number): unknown[] {
  const values: unknown[] = [];
  partition.take(values, max);
  return values;
}

function copied(position: KafkaPosition): KafkaPosition {
  return JSON.parse(JSON.stringify(position)) as KafkaPosition;
}
