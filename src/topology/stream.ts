/** Streams of elements, as a user sees them: all operators, and where they end. */
import { checkCount, checkFunctions } from './check-arguments.js';
import { foreachBatch as foreachBatchSink, stdout, textFile } from './sink-specs.js';
import { checkEnd, type SinkSpec } from './specs.js';
import { WindowStream } from './window-stream.js';

/** A stream of elements. Made by `t.source`, by operators and by components. Each method adds one node; nothing runs here. */
export class Stream<T> extends WindowStream<T> {
  /**
   * Writes the stream to a sink, which the command line can replace by its name.
   *
   * @example
   *   numbers: [[1, 2], [3]]
   *   numbers.to('out', none())
   */
  to(name: string, sink: SinkSpec<T>): this {
    return this.#end(name, sink, this.to);
  }

  /**
   * Prints the first `max` elements of each closed interval under a line with its time. The sink is called `print`, or `print-2` and so on.
   * Source: Spark `DStream.print`.
   *
   * @example
   *   numbers: [[1, 2], [3]]
   *   numbers.print(2)
   */
  print(max = 10): this {
    checkCount('max', max, this.print, 0);
    return this.#end(this.#freeName('print'), stdout({ format: 'blocks', max }), this.print);
  }

  /**
   * Calls a function once per closed interval, also an empty one, with its elements and its end (us). At most at-least-once: what the
   * function did cannot be taken back. Source: Spark `DStream.foreachRDD`.
   *
   * @example
   *   numbers: [[1, 2], [3]]
   *   numbers.foreachBatch((values, end) => console.debug(end, values))
   */
  foreachBatch(call: (values: readonly T[], end: number) => void, name?: string): this {
    checkFunctions({ call }, this.foreachBatch);
    return this.#end(name ?? this.#freeName('foreachBatch'), foreachBatchSink(call), this.foreachBatch);
  }

  /**
   * Writes each closed interval to a file of its own in a folder, as the sink `textFile`. Source: Spark `DStream.saveAsTextFiles`.
   *
   * @example
   *   numbers: [[1, 2], [3]]
   *   numbers.saveAsTextFiles('counts')
   */
  saveAsTextFiles(folder: string, name?: string): this {
    return this.#end(name ?? this.#freeName('saveAsTextFiles'), textFile(folder), this.saveAsTextFiles);
  }

  #end(name: string, sink: SinkSpec<T>, caller: (...args: never[]) => unknown): this {
    checkEnd('sink', name, sink);
    const { kind, options, capabilities, functions = {} } = sink;
    const roles = Object.fromEntries(Object.entries(functions).map(([role, value]) => [`spec:${role}`, value]));
    const node = { kind: 'sink', name, input: this.ref, spec: { kind, options, capabilities } } as const;
    this.draft.add(node, roles, caller, `sink:${name}`);
    return this;
  }

  #freeName(stem: string): string {
    const names = this.draft.nodes.flatMap((node) => (node.kind === 'sink' ? [node.name] : []));
    const count = names.filter((name) => name === stem || name.startsWith(`${stem}-`)).length;
    return count === 0 ? stem : `${stem}-${count + 1}`;
  }
}
