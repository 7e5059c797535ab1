/** Opens what a format spec names. The one place that knows every kind of format. */
import { StreamError } from '../../core/errors.js';
import type { TellSetAside } from '../../runtime/set-aside.js';
import type { Files } from '../../runtime/world.js';
import type { FormatSpec } from '../../topology/formats.js';
import { avroFormat, bytesFormat, fixedBytesFormat } from './binary-formats.js';
import { type CsvSettings, csvFormat } from './csv-format.js';
import type { Format } from './format.js';
import { jsonFormat, textFormat } from './text-formats.js';

/** How a source decodes, and what becomes of a record that does not. */
export interface Decoding {
  readonly format: Format;
  readonly onUndecodable: 'dead-letter' | 'fail';
  readonly setAside: TellSetAside;
}

/** The format of a source's or sink's options; undefined for text. @throws StreamError what the formats throw. */
export async function openFormat(
  { format }: Readonly<Record<string, unknown>>,
  files: Pick<Files, 'readWhole'>,
): Promise<Format | undefined> {
  if (format === undefined) return undefined;
  const { kind, options } = format as FormatSpec<unknown>;
  switch (kind) {
    case 'text':
      return textFormat;
    case 'json':
      return jsonFormat;
    case 'csv':
      return csvFormat(options as unknown as CsvSettings);
    case 'bytes':
      return options['recordLength'] === undefined ? bytesFormat : fixedBytesFormat(Number(options['recordLength']));
    case 'avro':
      return avroFormat(options['schema'] as string, files);
    default:
      throw new StreamError('RG004', `nothing can open the format '${String(kind)}'`, "use one of 'raingauge/formats'");
  }
}

/** The decoding of a source's options; undefined for text, where every line decodes. @throws StreamError as `openFormat`. */
export async function openDecoding(
  options: Readonly<Record<string, unknown>>,
  files: Pick<Files, 'readWhole'>,
  setAside: TellSetAside = () => undefined,
): Promise<Decoding | undefined> {
  const format = await openFormat(options, files);
  if (format === undefined) return undefined;
  return { format, onUndecodable: options['onUndecodable'] === 'fail' ? 'fail' : 'dead-letter', setAside };
}
