/** Specs and URIs of Kafka: what they hold, what they refuse, and that no secret gets into them. */
import { describe, expect, it } from 'vitest';
import { seconds } from '../../src/core/time.js';
import { csv } from '../../src/topology/formats.js';
import { kafkaSink, kafkaSource } from '../../src/topology/kafka-specs.js';
import { parseSinkUri, parseSourceUri } from '../../src/topology/uri.js';

const brokers = '127.0.0.1:9092';

describe('kafka as a source', () => {
  it('is the same from a URI as from a job', () => {
    expect(parseSourceUri('kafka://127.0.0.1:9092/lines')).toEqual(kafkaSource('lines', { brokers }));
    expect(
      parseSourceUri(
        'kafka://a:1,b:2/lines?offsets=0,17&until=latest&as=pair&format=bytes&onDataLoss=continue&group=g&client=platformatic',
      ),
    ).toEqual(
      kafkaSource('lines', {
        ...{ brokers: ['a:1', 'b:2'], startingOffsets: { offsets: [0, 17] }, until: 'latest', as: 'pair' },
        ...{ format: 'bytes', onDataLoss: 'continue', group: 'g', client: 'platformatic' },
      }),
    );
    expect(parseSourceUri('kafka://a:1/lines?receiver=true&group=g')).toEqual(
      kafkaSource('lines', { brokers: 'a:1', receiver: true, group: 'g' }),
    );
    expect(parseSourceUri('kafka://a:1/lines?format=csv&columns=id,price&onUndecodable=fail')).toEqual(
      kafkaSource('lines', { brokers: 'a:1', format: csv({ columns: ['id', 'price'] }), onUndecodable: 'fail' }),
    );
    expect(parseSourceUri('kafka://a:1/lines?timestamp=1700000000000')).toEqual(
      kafkaSource('lines', { brokers: 'a:1', startingOffsets: { timestamp: 1_700_000_000_000 } }),
    );
  });

  it('can be read again, unless it is a receiver; and ends when it is told to', () => {
    expect(kafkaSource('lines', { brokers }).capabilities).toMatchObject({ replayable: true, bounded: false });
    expect(kafkaSource('lines', { brokers, receiver: true, until: 'latest' }).capabilities).toEqual({
      ...{ replayable: false, bounded: true, partitions: 1, intake: 'receiver' },
    });
  });

  it.each([
    ['no topic', 'kafka://127.0.0.1:9092', 'has no brokers and topic'],
    ['no port', 'kafka://localhost/lines', "the broker 'localhost', which is not HOST:PORT"],
    ['a name that is no topic', 'kafka://a:1/a b', "'a b' is no topic"],
    [
      'two beginnings',
      'kafka://a:1/lines?timestamp=1&startingOffsets=latest',
      'has both startingOffsets and timestamp',
    ],
    ['a misspelt option', 'kafka://a:1/lines?untill=latest', "the unknown option 'untill'"],
    ['a misspelt value', 'kafka://a:1/lines?startingOffsets=erliest', "startingOffsets is 'erliest'"],
    ['a time that is none', 'kafka://a:1/lines?timestamp=noon', 'startingOffsets is'],
    ['no time', 'kafka://a:1/lines?timestamp=', 'startingOffsets is'],
    ['offsets with a gap', 'kafka://a:1/lines?offsets=1,,2', 'startingOffsets is'],
    ['a format that is none', 'kafka://a:1/lines?format=jsn', "format is 'jsn'"],
    ['a word for a record that cannot be undecodable', 'kafka://a:1/lines?onUndecodable=fail', 'every record decodes'],
    [
      'a receiver whose client cannot be a member of a group',
      'kafka://a:1/lines?receiver=true&client=platformatic',
      "the client 'platformatic' cannot be a member of its consumer group",
    ],
    ['an answer that is neither yes nor no', 'kafka://a:1/lines?receiver=yes', 'has receiver=yes, which is neither'],
    ['another one', 'kafka://a:1/lines?tls=1', 'has tls=1, which is neither true nor false'],
    ['a user without a mechanism', 'kafka://a:1/lines?username=me', 'one of sasl and username without the other'],
  ])('refuses %s', (_what, uri, message) => {
    expect(() => parseSourceUri(uri)).toThrow(message);
  });

  it('keeps no password, and does not show the one in a URI', () => {
    const { options } = parseSourceUri('kafka://a:1/lines?sasl=scram-sha-256&username=me&passwordVariable=SECRET');
    expect(options['sasl']).toEqual({ mechanism: 'scram-sha-256', username: 'me', passwordVariable: 'SECRET' });
    let message = '';
    try {
      parseSourceUri('kafka://me:sesame@a:1/lines');
    } catch (error) {
      message = `${String(error)} ${(error as { hint?: string }).hint}`;
    }
    expect(message).toContain('//***@a:1/lines');
    expect(message).not.toContain('sesame');
  });
});

describe('kafka as a sink', () => {
  it('is the same from a URI as from a job, and says what its client can promise', () => {
    expect(parseSinkUri('kafka://127.0.0.1:9092/counts')).toEqual(kafkaSink('counts', { brokers }));
    expect(parseSinkUri('kafka://127.0.0.1:9092/counts?transactionTimeout=5s')).toEqual(
      kafkaSink('counts', { brokers, transactionTimeout: seconds(5) }),
    );
    expect(kafkaSink('counts', { brokers }).options).toMatchObject({ transactionTimeout: seconds(60) });
    expect(kafkaSink('counts', { brokers }).capabilities.guarantee).toBe('exactly-once');
    expect(kafkaSink('counts', { brokers, client: 'platformatic' }).capabilities.guarantee).toBe('at-least-once');
    const named = kafkaSink('counts', { brokers, ids: true });
    expect(parseSinkUri('kafka://127.0.0.1:9092/counts?ids=true')).toEqual(named);
    expect(named.capabilities.ids).toBe(true);
    expect(kafkaSink('counts', { brokers }).capabilities).not.toHaveProperty('ids');
  });

  it('takes the name of an option alone as yes', () => {
    expect(parseSinkUri('kafka://a:1/counts?ids&tls')).toEqual(
      kafkaSink('counts', { brokers: 'a:1', ids: true, tls: true }),
    );
    expect(parseSinkUri('kafka://a:1/counts?ids=false&tls=false')).toEqual(kafkaSink('counts', { brokers: 'a:1' }));
    expect(() => parseSinkUri('kafka://a:1/counts?ids=yes')).toThrow(
      expect.objectContaining({ code: 'RG006', hint: 'write ids=true' }),
    );
  });

  it.each([
    ['ids', () => kafkaSink('counts', { brokers, ids: 'no' as never })],
    ['tls', () => kafkaSink('counts', { brokers, tls: 'no' as never })],
    ['receiver', () => kafkaSource('counts', { brokers, receiver: 'no' as never })],
  ])('refuses text for %s, which would count as yes', (name, make) => {
    expect(make).toThrow(
      expect.objectContaining({ code: 'RG004', message: `${name} is 'no', but must be true or false` }),
    );
  });

  it('asks for a duration where text is given', () => {
    expect(() => kafkaSink('counts', { brokers, transactionTimeout: '60s' as never })).toThrow(
      expect.objectContaining({
        code: 'RG010',
        message: "kafka() needs a duration 'transactionTimeout', but got '60s'",
        hint: 'write millis(60000)',
      }),
    );
  });

  it.each(['999ms', '0s'])('refuses transactions that may last %s', (text) => {
    expect(() => parseSinkUri(`kafka://127.0.0.1:9092/counts?transactionTimeout=${text}`)).toThrow(
      expect.objectContaining({ code: 'RG011', message: expect.stringContaining('must be at least 1 s') }),
    );
  });
});
