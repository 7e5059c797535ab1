/** Comma-separated values as in RFC 4180, one record a line. */
import { formatResult } from '../format-result.js';
import { type Format, type RecordContext, textOf, undecodable, unencodable } from './format.js';

/** Options of the spec. */
export interface CsvSettings {
  readonly columns?: readonly string[];
  readonly header: boolean;
  readonly delimiter: string;
}

/** Values are texts: arrays of them, or objects where the columns have names. */
export function csvFormat({ columns, header, delimiter }: CsvSettings): Format {
  return {
    framing: 'lines',
    decode(raw, context) {
      const text = textOf(raw, context);
      if (header && context.number === 1) return undefined;
      const fields = fieldsOf(text, delimiter, context);
      if (columns === undefined) return fields;
      if (fields.length !== columns.length) {
        throw undecodable(`has ${fields.length} fields, but there are ${columns.length} columns`, context);
      }
      return Object.fromEntries(columns.map((name, index) => [name, fields[index]!]));
    },
    encode(value) {
      return valuesOf(value, columns)
        .map((field) => quoted(formatResult(field), delimiter))
        .join(delimiter);
    },
  };
}

function fieldsOf(text: string, delimiter: string, context: RecordContext): string[] {
  if (!text.includes('"')) return text.split(delimiter);
  const fields: string[] = [];
  for (let at = 0; ; ) {
    const [field, end] =
      text[at] === '"' ? quotedField(text, at + 1, context) : plainField(text, at, delimiter, context);
    fields.push(field);
    if (end === text.length) return fields;
    if (text[end] !== delimiter)
      throw undecodable(`has text behind the closing quote at character ${end + 1}`, context);
    at = end + 1;
  }
}

function plainField(text: string, from: number, delimiter: string, context: RecordContext): readonly [string, number] {
  const found = text.indexOf(delimiter, from);
  const end = found < 0 ? text.length : found;
  const field = text.slice(from, end);
  if (field.includes('"')) throw undecodable('has a quote within a field that does not begin with one', context);
  return [field, end];
}

/** From behind its first quote; two quotes stand for one. */
function quotedField(text: string, from: number, context: RecordContext): readonly [string, number] {
  let field = '';
  for (let at = from; ; ) {
    const end = text.indexOf('"', at);
    if (end < 0) throw undecodable('has a quote that is not closed on its line', context);
    field += text.slice(at, end);
    if (text[end + 1] !== '"') return [field, end + 1];
    field += '"';
    at = end + 2;
  }
}

function valuesOf(value: unknown, columns: readonly string[] | undefined): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'object' || value === null) return [value];
  const named = value as Readonly<Record<string, unknown>>;
  if (columns === undefined) return Object.values(named);
  const missing = columns.find((name) => !Object.hasOwn(named, name));
  if (missing !== undefined) throw unencodable(`a result has no column '${missing}'`);
  return columns.map((name) => named[name]);
}

function quoted(field: string, delimiter: string): string {
  if (/[\r\n]/.test(field)) throw unencodable('a result has a field with a line end, and a record is one line');
  return field.includes(delimiter) || field.includes('"') ? `"${field.replaceAll('"', '""')}"` : field;
}
