/** `process`: state and stream-time timers of a key. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProcessContext } from '../../src/topology/process.js';
import { drive, type Result, type Step, sorted, valuesOf, WAYS } from './drive.js';

type Context = ProcessContext<string, number, unknown>;
const operator = { kind: 'process', node: 6 } as const;

/** Counts a key's records; tells the count and forgets it once the key was silent for 10. */
const session = {
  onRecord: (_value: unknown, context: Context) => {
    context.setState((context.state ?? 0) + 1);
    context.setTimer(context.timestamp + 10);
  },
  onTimer: (context: Context) => {
    context.emit(`${context.key} ${context.state} at ${context.timestamp}`);
    context.setState(undefined);
  },
};

/** A record is a list of commands: `emit`, or `+5`, `-5` for timers at absolute times, `=2` and `=x` to set and
 * remove the state. */
const commands = {
  onRecord: (value: string, context: Context) => {
    for (const command of value.split(' ')) {
      const number = Number(command.slice(1));
      if (command.startsWith('+')) context.setTimer(number);
      else if (command.startsWith('-')) context.deleteTimer(number);
      else if (command.startsWith('=')) context.setState(Number.isNaN(number) ? undefined : number);
      else context.emit(`${command} ${context.state}`);
    }
  },
  onTimer: (context: Context) => context.emit(`timer ${context.key} ${context.state}`),
};

interface Case {
  readonly name: string;
  readonly functions: object;
  readonly steps: readonly Step[];
  readonly results: readonly Result[];
}

const cases: readonly Case[] = [
  { name: 'does nothing without records', functions: session, steps: [{ watermark: 9 }, { end: 9 }], results: [] },
  {
    name: 'emits with the time of the record and keeps state by key',
    functions: commands,
    steps: [
      [3, ['a', '=1 emit']],
      [2, ['a', 'emit =2 emit =x emit']],
      [4, ['b', 'emit']],
    ],
    results: [
      ['emit 1', 3, undefined],
      ['emit 1', 2, undefined],
      ['emit 2', 2, undefined],
      ['emit undefined', 2, undefined],
      ['emit undefined', 4, undefined],
    ],
  },
  {
    name: 'fires timers with the watermark in order of time, then of key, and not those above it',
    functions: commands,
    steps: [[1, ['b', '+9 +7 +99']], [1, ['a', '+9 +8']], { watermark: 6 }, { watermark: 9 }, { end: 98 }],
    results: [
      ['timer b undefined', 7, undefined],
      ['timer a undefined', 8, undefined],
      ['timer a undefined', 9, undefined],
      ['timer b undefined', 9, undefined],
    ],
  },
  {
    name: 'fires timers of one time in order of key, whatever came first',
    functions: commands,
    steps: [...['d', 'c', 'a', 'e', 'b'].map((key): Step => [1, [key, '+9']]), { watermark: 9 }],
    results: ['a', 'b', 'c', 'd', 'e'].map((key): Result => [`timer ${key} undefined`, 9, undefined]),
  },
  {
    name: 'fires the timers of a key before its first record at or beyond them',
    functions: commands,
    steps: [[1, ['a', '+5 +3 +6']], [1, ['b', '+2']], [5, ['a', 'emit']], { watermark: 5 }],
    results: [
      ['timer a undefined', 3, undefined],
      ['timer a undefined', 5, undefined],
      ['emit undefined', 5, undefined],
      ['timer b undefined', 2, undefined],
    ],
  },
  {
    name: 'has one timer for a time set twice, and none for a deleted one',
    functions: commands,
    steps: [[1, ['a', '+5 +5 +6 -6 -7']], { watermark: 9 }],
    results: [['timer a undefined', 5, undefined]],
  },
  {
    name: 'takes a timer at or before the time at hand for the one just after it, also to delete it',
    functions: commands,
    steps: [
      [5, ['a', '+3 emit']],
      [5, ['a', 'emit +4 -5 +5']],
      [7, ['a', 'emit +7']],
      [7, ['b', '+7 -6']],
      { watermark: 8 },
    ],
    results: [
      ['emit undefined', 5, undefined],
      ['emit undefined', 5, undefined],
      ['timer a undefined', 6, undefined],
      ['emit undefined', 7, undefined],
      ['timer a undefined', 8, undefined],
    ],
  },
  {
    name: 'fires timers that a timer sets, as often however watermarks come',
    functions: {
      onRecord: (_: unknown, context: Context) => context.setTimer(10),
      onTimer: (context: Context) => {
        context.emit('tick');
        context.setTimer(context.timestamp < 12 ? context.timestamp : context.timestamp + 10);
      },
    },
    steps: [[5, ['a', 0]], { watermark: 10 }, { watermark: 11 }, { watermark: 30 }, { watermark: 32 }],
    results: [10, 11, 12, 22, 32].map((time) => ['tick', time, undefined] as const),
  },
  {
    name: 'closes sessions with timers',
    functions: {
      ...session,
      onRecord: (value: unknown, context: Context) => {
        if (typeof value === 'number') context.deleteTimer(value + 10);
        session.onRecord(value, context);
      },
    },
    steps: [[1, ['a', '']], [6, ['a', 1]], [14, ['b', '']], { watermark: 15 }, [16, ['a', '']], { watermark: 40 }],
    results: [
      ['a 2 at 16', 16, undefined],
      ['b 1 at 24', 24, undefined],
      ['a 1 at 26', 26, undefined],
    ],
  },
  {
    name: 'needs no onTimer',
    functions: { onRecord: commands.onRecord },
    steps: [[1, ['a', '+5 emit']], { watermark: 9 }],
    results: [['emit undefined', 1, undefined]],
  },
];

describe.each(WAYS.filter((way) => way !== 'thin'))('process, driven with %s', (way) => {
  it.each(cases)('$name', ({ functions, steps, results }) => {
    expect(drive(operator, { ...functions }, steps, way).results).toEqual(results);
  });
});

describe('process', () => {
  it('refuses a timer at what is no timestamp, a promise, and what is no pair', () => {
    expect(() => drive(operator, commands, [[1, ['a', '+x']]])).toThrow('a timer at the number NaN');
    expect(() => drive(operator, commands, [[1, ['a', '+1.5']]])).toThrow('a timer at the number 1.5');
    expect(() => drive(operator, { onRecord: async () => {} }, [[1, ['a', 0]]])).toThrow('onRecord returned a promise');
    const late = { ...session, onTimer: async () => {} };
    expect(() => drive(operator, late, [[1, ['a', 0]], { watermark: 20 }])).toThrow('onTimer returned a promise');
    expect(() => drive(operator, commands, [[1, ['a']]])).toThrow('got an array of 1, not a pair');
  });

  it('lets the user take the context apart', () => {
    const onRecord = (value: number, { emit, setTimer, setState }: Context): void => {
      setState(value);
      setTimer(5);
      emit('now');
    };
    const outcome = drive(operator, { onRecord, onTimer: ({ emit, state }: Context) => emit(state) }, [
      [1, ['a', 7]],
      { watermark: 5 },
    ]);
    expect(valuesOf(outcome)).toEqual(['now', 7]);
  });

  it('limits the keys that have timers, with room again for each key whose timers fired or were deleted', () => {
    const limited = { ...operator, maxKeys: 1 };
    const steps: readonly Step[] = [
      [1, ['a', '+5 +6']],
      [1, ['a', '+7 -5 -6']],
      { watermark: 7 },
      [8, ['b', '+20 -20']],
      [8, ['c', '+20']],
    ];
    expect(valuesOf(drive(limited, commands, steps))).toEqual(['timer a undefined']);
    expect(() => drive(limited, commands, [...steps, [8, ['d', '+30']]])).toThrow(
      expect.objectContaining({ code: 'RG066', message: expect.stringContaining('1 keys have timers in this task') }),
    );
  });

  it('keeps its heap of timers small when a timer is moved again and again', () => {
    const steps: Step[] = Array.from({ length: 5_000 }, (_, i) => [i, ['a', `-${i + 9_999} +${i + 10_000}`]]);
    expect(drive(operator, commands, [...steps, { watermark: 99_999 }]).results).toEqual([
      ['timer a undefined', 14_999, undefined],
    ]);
  });

  it('answers the same whatever the way, also when watermarks are thinned', () => {
    const record = fc.tuple(fc.nat({ max: 60 }), fc.constantFrom('a', 'b', 'c'), fc.nat({ max: 12 }));
    const onRecord = (value: number, context: Context): void => {
      context.emit(`record ${value} ${context.state}`);
      context.setState((context.state ?? 0) + value);
      if (value % 3 === 0) context.deleteTimer(context.timestamp + 5);
      context.setTimer(context.timestamp + value - 3);
    };
    const onTimer = (context: Context): void => {
      context.emit(`timer ${context.state}`);
      if ((context.state ?? 0) % 2 === 0) context.setTimer(context.timestamp + 7);
      context.setState(context.state === 5 ? undefined : (context.state ?? 0) + 1);
    };
    fc.assert(
      fc.property(fc.array(record, { maxLength: 25 }), fc.constantFrom(...WAYS), (records, way) => {
        let top = Number.NEGATIVE_INFINITY;
        const steps = records.flatMap(([time, key, value]): Step[] => {
          if (time < top - 20) return [];
          top = Math.max(top, time);
          return [[time, [key, value]], { watermark: top - 20 }];
        });
        const all: readonly Step[] = [...steps, { watermark: top }, { end: top }];
        expect(sorted(drive(operator, { onRecord, onTimer }, all, way))).toEqual(
          sorted(drive(operator, { onRecord, onTimer }, all)),
        );
      }),
    );
  });
});
