/** The entry point `raingauge/formats`: what the bytes of a source or sink mean. */
export type { BytesOptions, CsvOptions, FormatKind, FormatSpec, Formatted } from './topology/formats.js';
export { avro, bytes, csv, json, text } from './topology/formats.js';
