/** From the options of a windowed bolt to the rules of its windows, with all that can be wrong about them. */
import { StreamError } from '../core/errors.js';
import { type Duration, seconds } from '../core/time.js';
import { checkCount, checkDurations, checkFunctions } from './check-arguments.js';
import { placeOf } from './draft.js';
import type { BoltWindows } from './graph.js';
import type { WindowRules } from './window-runner.js';
import type { WindowOptions } from './windowed-bolt.js';

type Caller = (...args: never[]) => unknown;
type AnyOptions = WindowOptions<never, Readonly<Record<string, never>>>;

/** How often the watermark of a bolt with `timestamp` rises: Storm's default. */
const WATERMARK_INTERVAL = seconds(1);

/** What the graph says of a windowed bolt, and what its runner needs beside it. */
export interface CheckedWindows {
  readonly windows: BoltWindows;
  readonly tick: Duration | undefined;
  readonly rules: Omit<WindowRules, 'inputs'>;
}

/** @throws StreamError `RG004`, `RG010`, `RG011`, `RG018` for options that cannot be. */
export function windowRules(options: AnyOptions, caller: Caller, keepsWindows = false): CheckedWindows {
  const { timestamp, lag = 0, lateStream, idleTimeout } = options;
  const ackOn = keepsWindows ? 'state' : (options.ackOn ?? 'expiry');
  checkTogether(options, caller);
  if (timestamp !== undefined) checkFunctions({ timestamp }, caller);
  checkDurations({ lag: options.lag }, caller);
  checkDurations({ idleTimeout, watermarkInterval: options.watermarkInterval }, caller, [], 1);
  const lengths = lengthOf(options, caller);
  const tick = tickOf(options, lengths);
  const idleTicks = idleTimeout === undefined ? undefined : Math.ceil(idleTimeout / tick!) + 1;
  const extract = timestamp as ((values: object) => number) | undefined;
  return {
    windows: { ...lengths, ackOn, lag },
    tick,
    rules: { ...lengths, ackOn, timestamp: extract, lag, lateStream, idleTicks },
  };
}

type Lengths = Pick<BoltWindows, 'unit' | 'length' | 'slideUnit' | 'slide'>;

/** Without a slide windows tumble. */
function lengthOf({ count, window, slide, slideCount }: AnyOptions, caller: Caller): Lengths {
  if (count !== undefined) checkCount('count', count, caller);
  else checkDurations({ window }, caller, ['window'], 1);
  const [unit, length] = count === undefined ? (['time', window as number] as const) : (['count', count] as const);
  if (slide !== undefined) {
    checkDurations({ slide }, caller, [], 1);
    return { unit, length, slideUnit: 'time', slide };
  }
  if (slideCount === undefined) return { unit, length, slideUnit: unit, slide: length };
  checkCount('slideCount', slideCount, caller);
  return { unit, length, slideUnit: 'count', slide: slideCount };
}

/** A window by the clock closes when a tick says so; one that slides by tuples looks at what is too old, and at the silence. */
function tickOf(
  { timestamp, watermarkInterval, idleTimeout }: AnyOptions,
  { unit, length, slideUnit, slide }: Lengths,
): Duration | undefined {
  if (slideUnit === 'time')
    return timestamp === undefined ? (slide as Duration) : (watermarkInterval ?? WATERMARK_INTERVAL);
  return unit === 'count' ? idleTimeout : (Math.min(length, idleTimeout ?? length) as Duration);
}

function checkTogether(options: AnyOptions, caller: Caller): void {
  const place = placeOf(caller);
  const { streams = {}, lateStream, ackOn = 'expiry' } = options;
  if (lateStream !== undefined && !Object.hasOwn(streams, lateStream))
    throw new StreamError(
      'RG018',
      `lateStream is '${lateStream}', which the bolt does not declare`,
      `declare it: streams: { ${lateStream}: 'grouped' }`,
      { place },
    );
  if (!['expiry', 'activation'].includes(ackOn))
    throw new StreamError('RG004', `ackOn is '${String(ackOn)}'; it must be expiry or activation`, 'leave it out', {
      place,
    });
  if ((options.count === undefined) === (options.window === undefined))
    throw new StreamError(
      'RG004',
      `${caller.name}() needs either window or count`,
      'write { window: seconds(10) } or { count: 10 }',
      { place },
    );
  if (options.slide !== undefined && options.slideCount !== undefined)
    throw new StreamError('RG004', `${caller.name}() has both slide and slideCount`, 'leave one of them out', {
      place,
    });
  const ofTime = (['timestamp', 'lag', 'watermarkInterval', 'lateStream'] as const).filter(
    (name) => options[name] !== undefined,
  );
  if ((options.count !== undefined || options.slideCount !== undefined) && ofTime.length > 0)
    throw new StreamError(
      'RG004',
      `${ofTime.join(', ')} of a window that counts tuples: it has them by stream time, and none is late`,
      `leave ${ofTime.join(', ')} out, or give a window in time`,
      { place },
    );
}
