/** What a disk does to files while the driver is down, and what whoever runs the job does about it. Knows no life of the driver. */
import { type Prng, prng } from '../../core/prng.js';
import type { Fault } from '../../runtime/faults/fault-plan.js';
import type { SimulatedFiles } from '../../runtime/simulated-files.js';
import type { Scenario } from './scenario.js';

/** One bit that is another one now. */
interface Flip {
  readonly path: string;
  readonly at: number;
  readonly damaged: Uint8Array;
}

/**
 * Flips bits as the plan says. A job that refuses damaged files (`RG054`) must have left them as they are: then the bits are put back, as
 * from a copy, and it is started again.
 */
export class Damage {
  /** A bit was flipped, whatever became of it. */
  hasStruck = false;
  readonly #files: SimulatedFiles;
  readonly #faults: readonly Extract<Fault, { readonly kind: 'flip' }>[];
  readonly #random: Prng;
  #flips: Flip[] = [];

  constructor(files: SimulatedFiles, { seed, faults }: Pick<Scenario, 'seed' | 'faults'>) {
    this.#files = files;
    this.#faults = faults.filter((fault) => fault.kind === 'flip');
    this.#random = prng(seed).fork('damage');
  }

  /** The driver is down for the `nth` time. */
  async strike(nth: number): Promise<void> {
    for (const fault of this.#faults) {
      if (fault.nth !== nth) continue;
      const paths = this.#files.paths.filter((path) => path.includes(fault.target) && !LEFT_OVER.test(path));
      const path = paths[this.#random.below(Math.max(1, paths.length))];
      const content = path === undefined ? new Uint8Array() : await this.#contentOf(path);
      if (path === undefined || content.length === 0) continue;
      const at = this.#random.below(content.length);
      this.#files.flip(path, at);
      this.#flips.push({ path, at, damaged: await this.#contentOf(path) });
      this.hasStruck = true;
    }
  }

  /** Puts back what still stands as the disk gave it, the last one first. False when nothing does. */
  async repaired(): Promise<boolean> {
    let isRepaired = false;
    for (const { path, at, damaged } of this.#flips.splice(0).toReversed()) {
      if (!this.#files.paths.includes(path)) continue;
      if (Buffer.compare(await this.#contentOf(path), damaged) !== 0) continue;
      this.#files.flip(path, at);
      isRepaired = true;
    }
    return isRepaired;
  }

  #contentOf(path: string): Promise<Uint8Array> {
    return this.#files.readWhole(path, Number.POSITIVE_INFINITY);
  }
}

/** Files that nobody reads any more. */
const LEFT_OVER = /\.(tmp|damaged(-\d+)?|removed)(\/|$)/;
