/** What lies between a simulated driver and its workers: messages take their time, and none passes another. */
import type { Prng } from '../../core/prng.js';
import type { SimulatedWorld } from '../../runtime/simulated-world.js';
import type { Worker } from '../../runtime/world.js';

/** The way of all messages of one life. */
export interface Network {
  /** The longest that a message takes (us). 0: none takes any time. */
  readonly delayMax: number;
  readonly prng: Prng;
  /** Of all workers so far, also of lost ones. */
  readonly links: Set<NetworkLink>;
}

/** The way to and from one worker. */
export interface NetworkLink {
  /** Nothing that the worker says gets through before this time (us, the simulation's clock). */
  clogUntil: number;
}

/**
 * For so long nothing gets through that workers say, though they hear everything. So what a worker has said by the time that it counts as
 * lost comes when the next one, which has a link of its own, may be at work.
 */
export function clog({ links }: Network, until: number): void {
  for (const link of links) link.clogUntil = until;
}

/** A worker behind the network. What was sent arrives, unless its receiver is gone: also what a lost worker had sent before. */
export function networked(
  worker: Worker,
  network: Network,
  { scheduler, clock }: SimulatedWorld,
  alive: (run: () => void) => () => void,
): Worker {
  const link: NetworkLink = { clogUntil: Number.NEGATIVE_INFINITY };
  network.links.add(link);
  /** One direction: at once where nothing holds a message up, else when it is due and all before it have arrived. */
  const lane = (opens: () => number) => {
    let last = Number.NEGATIVE_INFINITY;
    let underWay = 0;
    return (arrive: (isLate: boolean) => () => void): void => {
      const now = clock.now();
      const delay = network.delayMax === 0 ? 0 : network.prng.below(network.delayMax + 1);
      const due = Math.max(now + delay, opens(), last);
      if (due === now && underWay === 0) return arrive(false)();
      last = due;
      underWay += 1;
      const arriveLate = arrive(true);
      scheduler.at(due, () => {
        underWay -= 1;
        arriveLate();
      });
    };
  };
  const there = lane(() => Number.NEGATIVE_INFINITY);
  const back = lane(() => link.clogUntil);
  return {
    pid: worker.pid,
    signal: (signal) => worker.signal(signal),
    close: () => worker.close(),
    send: (message, transfer = []) => {
      there((isLate) => {
        if (!isLate) return () => worker.send(message, transfer);
        const copy: unknown = structuredClone(message, { transfer: [...transfer] });
        return () => worker.send(copy);
      });
    },
    onMessage: (receive) => worker.onMessage((message) => back(() => alive(() => receive(message)))),
    onClose: (closed) => worker.onClose((reason) => back(() => alive(() => closed(reason)))),
  };
}
