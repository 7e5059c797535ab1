/** A spout whose emits are counted, as the records of sources are: faults strike after so many. It breaks nothing. */
import type { NoStreams, Spout, SpoutCollector, Streams, Values } from '../../topology/components.js';

type Out = SpoutCollector<Values, Streams & NoStreams>;

/** `emitted` is told of each emit, also of what is emitted again. */
export function countedSpout(spout: Spout<Values>, emitted: () => void): Spout<Values> {
  let own: { readonly of: Out; readonly counted: Out } | undefined;
  const counted = (of: Out): Out => {
    if (own?.of !== of) own = { of, counted: countedCollector(of, emitted) };
    return own.counted;
  };
  return {
    open: (collector, info) => spout.open?.(counted(collector), info),
    activate: () => spout.activate?.(),
    deactivate: () => spout.deactivate?.(),
    nextTuple: (collector) => spout.nextTuple(counted(collector)),
    ack: (id) => spout.ack?.(id),
    fail: (id) => spout.fail?.(id),
    close: () => spout.close?.(),
  };
}

function countedCollector(collector: Out, emitted: () => void): Out {
  return {
    get pendingCount() {
      return collector.pendingCount;
    },
    emit: (values, id) => {
      collector.emit(values, id);
      emitted();
    },
    emitTo: (stream, values, id) => {
      collector.emitTo(stream, values, id);
      emitted();
    },
    emitDirect: (task, stream, values, id) => {
      collector.emitDirect(task, stream, values, id);
      emitted();
    },
    reportError: (error) => collector.reportError(error),
  };
}
