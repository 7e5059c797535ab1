/** A real sink behind traced results: it gets the plain ones. */
import type { SinkWriter } from '../../runtime/sink.js';
import type { Interval } from '../../topology/specs.js';
import { plainRecord } from './traced.js';

/** The same sink, for traced results. With `isInterval`, its values are whole intervals. */
export function withoutProvenance(writer: SinkWriter, isInterval: boolean): SinkWriter {
  const plain = (value: unknown): unknown => {
    if (!isInterval) return plainRecord(value);
    const { end, values } = value as Interval<unknown>;
    return { end, values: values.map(plainRecord) };
  };
  const accept: SinkWriter['accept'] = (value, context) => writer.accept(plain(value), context);
  // All else, also what only some sinks have, is the sink's own.
  return new Proxy(writer, {
    get(target, name) {
      if (name === 'accept') return accept;
      const own: unknown = Reflect.get(target, name, target);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
}
