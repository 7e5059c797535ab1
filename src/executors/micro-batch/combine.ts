/** The exit of a chain into a shuffle that combines first. */
import type { KeyedStore } from '../../core/keyed-store.js';
import type { Fold } from '../../kernels/fold.js';
import { Combiner } from '../../kernels/partial.js';
import type { WindowReduceOperator } from '../../plan/plan.js';
import type { Link } from '../link.js';
import { attributed } from '../user-error.js';
import { type ShuffleOutput, shuffleLink } from './shuffle.js';
import type { TaskContext } from './task-context.js';

/** A combining exit: `drain` writes what was combined into the attempt's output, at its end. */
export interface CombineExit {
  readonly link: Link;
  drain(): void;
}

export function combineExit(
  reader: WindowReduceOperator,
  fold: Fold,
  store: KeyedStore,
  context: TaskContext,
  output: () => ShuffleOutput,
): CombineExit {
  const { advance, end } = shuffleLink(context, output);
  const combiner = new Combiner({ pane: reader.pane, fold, store, context });
  const push = (value: unknown): void => {
    try {
      combiner.onRecord(value);
    } catch (thrown) {
      throw attributed(thrown, reader);
    }
  };
  const drain = (): void => {
    const written = output();
    combiner.drain((partial) => written.writePartial(partial, context));
  };
  return { link: { push, advance, end }, drain };
}
