/** The entry point `raingauge/sinks`: where streams can end. */
export type { MemorySink, ResultInfo, StdoutOptions } from './topology/sink-specs.js';
export { foreach, foreachBatch, memory, none, stdout, textFile } from './topology/sink-specs.js';
export type { SinkCapabilities, SinkSpec } from './topology/specs.js';
