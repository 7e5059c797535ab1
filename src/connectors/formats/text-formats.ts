/** The formats that are lines of text: text itself and JSON. */
import { formatResult } from '../format-result.js';
import { type Format, textOf, undecodable, unencodable } from './format.js';

/** A line is its text. Results are written as they are printed. */
export const textFormat: Format = {
  framing: 'lines',
  decode: textOf,
  encode: formatResult,
};

/** A line is a JSON value. Deep nesting is refused here, since nobody further down could walk through it. */
export const jsonFormat: Format = {
  framing: 'lines',
  decode(raw, context) {
    const text = textOf(raw, context);
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw undecodable(`is no JSON: ${reasonOf(cause)}`, context, cause);
    }
    if (text.length > JSON_DEPTH_MAX && isDeeper(text, JSON_DEPTH_MAX)) {
      throw undecodable(`is nested deeper than ${JSON_DEPTH_MAX} levels`, context);
    }
    return value;
  },
  encode(value) {
    try {
      const text = JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner));
      if (text !== undefined) return text;
    } catch (cause) {
      throw unencodable(`a result has no form in JSON: ${reasonOf(cause)}`, cause);
    }
    throw unencodable(`a result of type ${typeof value} has no form in JSON`);
  },
};

/** Levels of arrays and objects in one record. */
export const JSON_DEPTH_MAX = 500;

/** Of a text that is JSON: brackets within strings count for nothing. */
function isDeeper(text: string, max: number): boolean {
  let depth = 0;
  let isString = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (isString) {
      if (unit === BACKSLASH) at++;
      else if (unit === QUOTE) isString = false;
    } else if (unit === QUOTE) isString = true;
    else if (unit === OPEN_BRACE || unit === OPEN_BRACKET) {
      if (++depth > max) return true;
    } else if (unit === CLOSE_BRACE || unit === CLOSE_BRACKET) depth--;
  }
  return false;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
/** What an engine says of a long text may quote all of it. */
const REASON_LENGTH_MAX = 120;

function reasonOf(cause: unknown): string {
  const said = cause instanceof Error ? cause.message.split('\n')[0]! : String(cause);
  return said.length > REASON_LENGTH_MAX ? `${said.slice(0, REASON_LENGTH_MAX)}…` : said;
}
