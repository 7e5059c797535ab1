/** The one line of a broker's output that its error shows. */
import { describe, expect, it } from 'vitest';
import { whyNotStarted } from '../../src/cli/kafka/why-not-started.js';

const FAREWELL = ['INFO shutting down', 'ERROR Fatal error during broker shutdown', 'java.lang.NullPointerException'];
const TAKEN =
  'org.apache.kafka.common.KafkaException: Socket server failed to bind to 127.0.0.1:9092: Address already in use.';
const CAUSES = [
  'java.lang.RuntimeException: no',
  'Caused by: java.io.IOException: one',
  'Caused by: java.io.IOException: two',
];

describe('why a broker did not start', () => {
  it.each([
    [
      'a port that is taken',
      [TAKEN, ...CAUSES, ...FAREWELL],
      'failed to bind to 127.0.0.1:9092: Address already in use',
    ],
    [
      'a heap that was too small, before what follows from it',
      ['INFO starting', '  java.lang.OutOfMemoryError: Java heap space', ...CAUSES, ...FAREWELL],
      'java.lang.OutOfMemoryError: Java heap space',
    ],
    ['the last cause', [...CAUSES, ...FAREWELL], 'Caused by: java.io.IOException: two'],
    ['the last error', FAREWELL, 'java.lang.NullPointerException'],
    ['the last line', ['INFO starting', 'INFO still starting', ''], 'INFO still starting'],
    ['nothing', [''], ''],
  ])('is %s', (_, lines, why) => {
    expect(whyNotStarted(lines.join('\n'))).toBe(why);
  });

  it('is cut when it is long', () => {
    expect(whyNotStarted(`error ${'x'.repeat(1_000)}`)).toHaveLength(300);
  });
});
