/** Spout messages on their way between threads or processes: those of rows by their places, those of a block as they are. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { messagesFrom, sentMessages } from '../../../src/executors/micro-batch/message-codec.js';
import { KnownMessages, sentOrigins } from '../../../src/executors/micro-batch/origin-codec.js';
import { SpoutMessage } from '../../../src/executors/micro-batch/spout-message.js';
import { messagesOf, type Origin, originOf } from '../../../src/executors/micro-batch/task-context.js';

const place = fc
  .record({ spout: fc.constantFrom('a', 'b'), task: fc.nat(1), offset: fc.nat(5) })
  .map((at) => ({ ...at, id: at.task === 0 ? at.offset : `${at.spout} ${at.offset}` }));
/** By row: which of the messages it came of. */
const rows = fc.array(fc.array(fc.nat(9), { maxLength: 3 }), { maxLength: 20 });

/** As a channel does it. */
function sent<T>(value: T, buffers: ArrayBuffer[] = []): T {
  return structuredClone(value, { transfer: buffers });
}

it('rows name the messages that they came of, and rows of one message the same object, whoever wrote them', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(place, { minLength: 10, maxLength: 10, selector: (each) => JSON.stringify(each) }),
      rows,
      rows,
      (messages, left, right) => {
        const known = new KnownMessages();
        const origins = [left, right].map((written) => {
          const own = messages.map((message) => ({ ...message }));
          const given: Origin[] = written.map((of) => originOf(of.map((number) => own[number])));
          const buffers: ArrayBuffer[] = [];
          const columns = sent(sentOrigins(given, written.length, buffers), buffers);
          const read = known.originsOf(columns, written.length);
          expect(read.map(messagesOf)).toEqual(given.map(messagesOf));
          return read;
        });
        const objects = new Set(origins.flat().flatMap(messagesOf));
        expect(objects.size).toBe(new Set([...objects].map((each) => JSON.stringify(each))).size);
      },
    ),
  );
});

it('rows that came of no message say nothing', () => {
  expect(sentOrigins([undefined, undefined], 2, [])).toBeUndefined();
  expect(new KnownMessages().originsOf(undefined, 2)).toEqual([undefined, undefined]);
});

it('a block of messages is there as it was', () => {
  const emit = fc.record({
    stream: fc.constantFrom('default', 'odd'),
    values: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.double(), fc.constant(undefined))),
    id: fc.oneof(fc.constant(undefined), fc.string(), fc.nat()),
    directTask: fc.nat(3),
  });
  fc.assert(
    fc.property(fc.array(emit, { minLength: 1 }), fc.nat(100), (emits, firstOffset) => {
      const messages = emits.map((each, i) => new SpoutMessage(each, { spout: 's', task: 1, offset: firstOffset + i }));
      const values = sent(messages.map((message) => message.values));
      expect(messagesFrom(sent(sentMessages(messages)!), values, firstOffset)).toEqual(messages);
    }),
  );
  expect(sentMessages([{ stream: 'default' }])).toBeUndefined();
});
