import { describe, expect, it } from 'vitest';
import { clusterId } from '../../../src/cli/kafka/local-broker.js';

describe('the id of a local Kafka cluster', () => {
  it('begins with no dash, whatever bytes it is made of: Kafka takes that for an option', () => {
    for (let first = 0; first < 256; first++) {
      expect(clusterId(new Uint8Array(16).fill(first))).toMatch(/^[A-Za-f][\w-]{21}$/);
    }
  });

  it('is another one each time', () => {
    expect(clusterId()).not.toBe(clusterId());
  });
});
