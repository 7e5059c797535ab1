/** The entry point `raingauge/sinks`: where streams can end. */
export type { WebhookOptions } from './topology/network-specs.js';
export { webhook } from './topology/network-specs.js';
export type { MemorySink, ResultInfo, StdoutOptions } from './topology/sink-specs.js';
export { foreach, memory, none, stdout, textFile } from './topology/sink-specs.js';
export type { SinkCapabilities, SinkSpec } from './topology/specs.js';
