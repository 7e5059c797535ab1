/** The entry point `raingauge/sources`: where streams can begin. */
export type { FolderOptions, TailOptions } from './topology/file-specs.js';
export { folder, tail } from './topology/file-specs.js';
export type { KafkaClusterOptions, KafkaRecord, KafkaSourceOptions } from './topology/kafka-specs.js';
export { kafkaSource as kafka } from './topology/kafka-specs.js';
export type { HttpCall, HttpOptions, TcpServerOptions } from './topology/network-specs.js';
export { http, tcpServer } from './topology/network-specs.js';
export type { Receiver, ReceiverOutput } from './topology/receiver-spec.js';
export { receiver } from './topology/receiver-spec.js';
export type {
  GeneratorOptions,
  LineOptions,
  Make,
  Random,
  TcpOptions,
  TextFileOptions,
} from './topology/source-specs.js';
export { generator, memory, stdin, tcp, textFile } from './topology/source-specs.js';
export type { SourceCapabilities, SourceSpec } from './topology/specs.js';
