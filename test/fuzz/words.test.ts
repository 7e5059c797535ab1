/** Fuzzes what people write: URIs, faults, durations, values of flags. Each is read, or refused with a code and a hint. */
import { isDeepStrictEqual } from 'node:util';
import { describe, it } from 'vitest';
import { keyMatcher } from '../../src/cli/state-values.js';
import { countOf, durationOf, endsOf, epochOf, oneOf, rateOf, seedOf } from '../../src/cli/values.js';
import { StreamError } from '../../src/core/errors.js';
import type { Prng } from '../../src/core/prng.js';
import { formatDuration, parseDuration } from '../../src/core/time.js';
import { parseFault, parseFaults, showFault } from '../../src/runtime/faults/fault-plan.js';
import { parseSinkUri, parseSourceUri } from '../../src/topology/uri.js';
import { expectOutcomes, fuzz, seedsOf, watched } from './inputs.js';
import { mutatedText, pick } from './mutations.js';

/** How one kind of words is read. */
interface Reader {
  readonly seeds: readonly string[];
  readonly read: (text: string) => unknown;
  /** Writes a value so that reading gives it again; undefined for what cannot be written. */
  readonly show?: (value: never) => string | undefined;
}

const NUMBERS = ['200', '10k', '1.5M', '5k/s', '0.25', '9007199254740991', '42', '128'];

const readers: Readonly<Record<string, Reader>> = {
  source: {
    seeds: [
      'file:a/b.txt?follow=true&invalidUtf8=fail&lineBytesMax=100',
      'file:///a%20b?format=csv&columns=id,price&delimiter=;&header=true',
      'folder:in//?pattern=*.csv&once=true&stableFor=2s&scanEvery=500ms&rememberedFilesMax=7&partitions=3',
      'tail:app.log?rotated=keep',
      'tcp://localhost:9999?onClose=end&reconnectsMax=3',
      'tcp-server://[::1]:80/?connectionsMax=2&idleTimeout=1m&format=bytes',
      'http://user:hunter2@127.0.0.1:8080/orders?format=json&records=body&bodyBytesMax=9&reply=true&replyTimeout=3s',
      'kafka://a:9092,b:9092/lines?offsets=1,2,3&until=latest&as=record&group=g&sasl=plain&username=u&tls=true',
      'kafka://127.0.0.1:9092/lines?timestamp=1000&format=avro&schema=a.avsc&onUndecodable=fail&receiver=true',
      'generate:words?count=1000&seed=7&partitions=2&vocabulary=50',
      'generate:numbers',
      'stdin:?format=json',
      'none:',
    ],
    read: (text) => plainOptions(parseSourceUri(text)),
  },
  sink: {
    seeds: [
      'file:counts?format=json',
      'http://localhost:8080/counts?a=b',
      'https://user:hunter2@example.org/counts',
      'reply:?format=csv&columns=a,b',
      'stdout:?format=lines&max=5',
      'kafka://127.0.0.1:9092/counts?transactionTimeout=90s&ids=true&client=platformatic',
      'none:',
    ],
    read: (text) => plainOptions(parseSinkUri(text)),
  },
  fault: {
    seeds: [
      'kill:counts@50%',
      'stop:counts@2s+3s',
      'drop-ack:counts@100',
      'throw:counts@1000x3',
      'slow:counts@7+20msx2',
      'jump:clock@1500ms-2h',
      'disk-full:state/@1x9',
      'lose-acker:0@33.3333%',
      'disconnect:lines@2min+90s',
    ],
    read: parseFault,
    show: showFault,
  },
  faults: {
    seeds: ['# all\nkill:counts@50% # half\r\n\nthrow:counts@1000x3\n', 'stop:driver@1.5s+3s\nflip:log@1'],
    read: parseFaults,
    show: (faults: ReturnType<typeof parseFaults>) => faults.map(showFault).join('\n'),
  },
  duration: {
    seeds: ['500ms', '2s', '1.5m', '1h', '250us', '1.5 s', '2 min', '1234.567ms', '9007199254740991us', '0s'],
    read: parseDuration,
    show: formatDuration,
  },
  'duration of a flag': { seeds: ['500ms', '0s', '2 min'], read: durationOf('--for'), show: formatDuration },
  count: { seeds: NUMBERS, read: countOf('--records', 200_000), show: String },
  rate: { seeds: NUMBERS, read: rateOf('--rate') },
  seed: { seeds: NUMBERS, read: seedOf('--seed'), show: String },
  epoch: { seeds: NUMBERS, read: epochOf('--epoch'), show: String },
  word: { seeds: ['micro-batch', 'record'], read: oneOf('--mode', ['micro-batch', 'record']), show: String },
  ends: {
    seeds: ['lines=file:book.txt', 'a=file:x  b.c=kafka://h:9/t?as=pair', '__proto__=none: constructor=none:'],
    read: (text) => endsOf('--source')(text, undefined),
    // Only what names and URIs usually are can stand in one text: a blank ends them, and a name is a word.
    show: (ends: Readonly<Record<string, string>>) => {
      const all = Object.entries(ends).map(([name, uri]) => `${name}=${uri}`);
      return all.every((end) => /^[\w.-]+=.*\S$/s.test(end)) ? all.join(' ') : undefined;
    },
  },
  key: { seeds: ['7', '["a",1]', '"x"', 'null', '{"a":1}'], read: (text) => keyMatcher(text)(text) || undefined },
};

/** The options of a spec as a plan, a log and a document show them: nothing in them is lost there. */
function plainOptions({ options }: { readonly options: object }): unknown {
  if (!isDeepStrictEqual(JSON.parse(JSON.stringify(options)), options))
    throw new Error('its options are no plain data');
  return options;
}

function outcomeOf(name: string, text: string): string {
  const { read, show } = readers[name]!;
  const value = valueOr(read, text, (error) => {
    if (error instanceof StreamError && error.hint !== '') return REFUSED;
    throw new Error(`${name}, of ${shortened(text)}: ${String(error)}`, { cause: error });
  });
  if (value === REFUSED) return `${name}: refused`;
  if (value === undefined) throw new Error(`${name}: nothing came of ${shortened(text)}`);
  const written = show?.(value as never);
  if (written !== undefined && !isDeepStrictEqual(valueOr(read, written, String), value))
    throw new Error(`${name}: ${shortened(text)} is written ${shortened(written)}, and that is another`);
  return `${name}: read`;
}

const REFUSED = Symbol('refused');

function valueOr<T>(read: (text: string) => unknown, text: string, failed: (error: unknown) => T): unknown {
  try {
    return read(text);
  } catch (error) {
    return failed(error);
  }
}

function shortened(text: string): string {
  return JSON.stringify(text.slice(0, 2_000));
}

const all = Object.entries(readers).map(([name, { seeds }]) => ({ name, seeds }));
const everySeed = all.flatMap(({ seeds }) => seeds);

function readWords(random: Prng): string {
  const { name, seeds } = pick(random, all);
  const isKept = random.below(20) === 0;
  const seed = pick(random, seeds);
  return outcomeOf(
    name,
    isKept ? seed : mutatedText(random, seed, pick(random, random.below(2) === 0 ? seeds : everySeed)),
  );
}

/** What takes the square of it takes minutes. */
const LONG = 300_000;
/** What is linear takes some milliseconds. */
const LONG_MS = 30_000;
const PIECES = ['a', '9', ' ', '/', '.', '-', '=', ':', '@', '#', '%', '[', '"', '?a=', ',', '9.', 'a=b ', '\n'];
const STARTS: Readonly<Record<string, readonly string[]>> = {
  source: ['file:', 'folder:a', 'http://', 'kafka://a:9/', 'generate:words?count='],
  sink: ['file:', 'https://'],
  fault: ['kill:a@', 'stop:a@1s+'],
  faults: ['kill:a@1%\n'],
  ends: ['a='],
};

describe('what people write', () => {
  const { count } = seedsOf('words');
  it(`is read and written as it was, or refused with a hint: ${count} changed words`, () => {
    const outcomes = fuzz('words', readWords);
    const both = all.flatMap(({ name }) => [`${name}: read`, ...(name === 'key' ? [] : [`${name}: refused`])]);
    expectOutcomes('words', outcomes, both);
  });

  it.each(all)('takes no longer than it is long: $name', ({ name, seeds }) => {
    for (const start of ['', seeds[0]!, ...(STARTS[name] ?? [])])
      for (const piece of PIECES) {
        const text = `${start}${piece.repeat(LONG / piece.length)}!`;
        try {
          watched(() => outcomeOf(name, text), LONG_MS);
        } catch (cause) {
          throw new Error(`${name}: '${start}', then many '${piece}'`, { cause });
        }
      }
  });
});
