/** JSON that keeps what JSON drops, and text that tells when it was changed. It knows nothing of what the data means. */
import { crc32 } from 'node:zlib';

/**
 * JSON in which infinities, NaN, -0, undefined and bigints survive: each as a string that begins with `$`. A string that
 * begins so gets a second one.
 */
export function exactJson(value: unknown): string {
  return JSON.stringify(marked(value));
}

/** Reads what `exactJson` wrote. @throws SyntaxError for what is no JSON. */
export function parseExactJson(text: string): unknown {
  return unmarked(JSON.parse(text));
}

/** Text that carries what it is, its format's version, and a checksum over all of it. */
export function seal(kind: string, format: number, content: string): string {
  return `{"kind":"${kind}","format":${format},"crc32":"${checksum(kind, format, content)}","content":${content}}\n`;
}

/** The version and the content of a sealed text; undefined when it is of another kind, or not to the byte as it was written. */
export function unseal(kind: string, text: string): { readonly format: number; readonly content: string } | undefined {
  const pattern = /^\{"kind":"([a-z]+)","format":(\d{1,9}),"crc32":"([0-9a-f]{8})","content":(.*)\}\n$/s;
  const [, found, digits, sum, content] = pattern.exec(text) ?? [];
  if (digits === undefined || content === undefined || found !== kind) return undefined;
  const format = Number(digits);
  return checksum(kind, format, content) === sum && String(format) === digits ? { format, content } : undefined;
}

function checksum(kind: string, format: number, content: string): string {
  return crc32(`${kind}:${format}:${content}`).toString(16).padStart(8, '0');
}

function marked(value: unknown): unknown {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? value : `$${Object.is(value, -0) ? '-0' : value}`;
    case 'bigint':
      return `$${value}n`;
    case 'undefined':
      return '$undefined';
    case 'string':
      return value.startsWith('$') ? `$${value}` : value;
    default:
      return markedFields(value);
  }
}

/** What `JSON.parse` gave is nobody else's: it is changed where it stands. An own field called `__proto__` is set as any other. */
function unmarked(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return unmarkedAtom(value);
  const fields = value as Record<string, unknown>;
  for (const name of Object.keys(fields)) {
    const inner = fields[name];
    const read = unmarked(inner);
    if (read !== inner) fields[name] = read;
  }
  return value;
}

function unmarkedAtom(value: unknown): unknown {
  if (typeof value !== 'string' || !value.startsWith('$')) return value;
  const text = value.slice(1);
  if (text.startsWith('$')) return text;
  if (text === 'undefined') return undefined;
  return text.endsWith('n') ? BigInt(text.slice(0, -1)) : Number(text);
}

/** `fromEntries` defines names, so that a field called `__proto__` stays a field. */
function markedFields(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(marked);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, marked(inner)]));
}
