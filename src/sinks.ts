/** The entry point `raingauge/sinks`: where streams can end. */
export type { KafkaClusterOptions, KafkaSinkOptions } from './topology/kafka-specs.js';
export { kafkaSink as kafka } from './topology/kafka-specs.js';
export type { HttpCall, ReplyOptions, WebhookOptions } from './topology/network-specs.js';
export { reply, webhook } from './topology/network-specs.js';
export type { IdOptions, MemorySink, ResultInfo, StdoutOptions } from './topology/sink-specs.js';
export { foreach, foreachBatch, memory, none, stdout, textFile } from './topology/sink-specs.js';
export type { SinkCapabilities, SinkSpec } from './topology/specs.js';
