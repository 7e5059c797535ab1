/** The user's own operator with state and timers, in both modes, at every parallelism, chained or not. */
import { describe } from 'vitest';
import { a, B, b, type Case, checkCases, pairs, times } from './interval-cases.js';
import { VARIANTS } from './variants.js';

const cases: readonly Case[] = [
  {
    name: 'process: timers fire before a later record of their key, and at the latest with the watermark',
    build: (t) =>
      pairs(t).process<number, string>({
        uid: 'process',
        onRecord: (n, context) => {
          context.setState((context.state ?? 0) + n);
          context.setTimer(context.timestamp + times(1.5));
          context.emit(`${context.key} is ${context.state}`);
        },
        onTimer: (context) => context.emit(`timer of ${context.key} at ${context.timestamp / B}: ${context.state}`),
      }),
    input: [[a(1)], [b(5)], [a(2)], [], []],
    output: [
      ['a is 1'],
      ['b is 5', 'timer of a at 1.5: 1'],
      ['a is 3', 'timer of b at 2.5: 5'],
      ['timer of a at 3.5: 3'],
      [],
    ],
  },
  {
    name: 'process: a timer may be deleted, set twice is one, and set in the past fires at the next chance',
    build: (t) =>
      pairs(t).process<number, string>({
        uid: 'process',
        onRecord: (n, context) => {
          if (n === 1) {
            context.setTimer(times(2));
            context.setTimer(times(2));
            context.setTimer(times(3));
          }
          if (n === 2) context.deleteTimer(times(3));
          if (n === 3) context.setTimer(0);
        },
        onTimer: (context) => context.emit(`${context.key} ${context.timestamp}`),
      }),
    input: [[a(1), a(2)], [b(3)], [], [], []],
    output: [[], ['b 10001'], ['a 20000'], [], []],
  },
  {
    name: 'process: a timer that sets itself again fires at each time',
    build: (t) =>
      pairs(t).process<number, number>({
        uid: 'process',
        onRecord: (_n, context) => context.setTimer(context.timestamp + times(1)),
        onTimer: (context) => {
          context.emit(context.timestamp / B);
          if (context.timestamp < times(4)) context.setTimer(context.timestamp + times(1));
        },
      }),
    input: [[], [a(1)], [], [], []],
    output: [[], [], [2], [3], [4]],
  },
];

describe.each(VARIANTS)('%s', (_variantName, variant) => {
  checkCases(cases, variant);
});
