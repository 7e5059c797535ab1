/** Takes the URI of a source or a sink apart: its scheme, what follows, and the options of its query. It makes no spec. */
import { nearest, StreamError } from '../core/errors.js';
import { withoutSecrets } from '../core/secrets.js';
import { type Duration, parseDuration } from '../core/time.js';

/** A URI in parts: `generate:words?count=10` is `generate`, `words`, `{ count: '10' }`. */
export interface Parts {
  readonly uri: string;
  readonly scheme: string;
  readonly rest: string;
  readonly query: ReadonlyMap<string, string>;
}

/** How a scheme is read: the options of its query, an example, and the spec that it becomes. */
export interface Scheme<Spec> {
  /** `any`: the query belongs to the other side. */
  readonly options: readonly string[] | 'any';
  readonly example: string;
  /** Nothing may stand between the scheme and its options. */
  readonly isBare?: boolean;
  readonly read: (parts: Parts) => Spec;
}

/** Never shows what stands in front of an `@`: it may be a password. */
export function split(uri: string, schemes: Readonly<Record<string, Scheme<unknown>>>, end: 'source' | 'sink'): Parts {
  const shown = withoutSecrets(uri);
  if (/^kafka:\/\/[^/?#]*@/i.test(uri)) {
    throw new StreamError(
      'RG006',
      `'${shown}' has a user and a password in it, and URIs are printed`,
      'for Kafka write ?sasl=plain&username=NAME, and set KAFKA_PASSWORD in the environment',
    );
  }
  const match = /^([a-z][a-z0-9+.-]*):([^?]*)(?:\?(.*))?$/is.exec(uri);
  const scheme = match?.[1]?.toLowerCase();
  if (match !== null && scheme !== undefined && Object.hasOwn(schemes, scheme)) {
    const parts = { uri, scheme, rest: match[2]!, query: new Map(new URLSearchParams(match[3] ?? '')) };
    const { options, isBare } = schemes[scheme]!;
    if (isBare === true && parts.rest !== '')
      throw malformed(
        parts,
        `has something behind ${scheme}:, which takes only options`,
        `write ${scheme}:${match[3] === undefined ? '' : withoutSecrets(`?${match[3]}`)}`,
      );
    if (options !== 'any') allow(parts, options, [...new URLSearchParams(match[3]).keys()]);
    return parts;
  }
  const names = Object.keys(schemes);
  const rule = `a ${end} is ${names.map((name) => `${name}:`).join(', ')}`;
  if (scheme === undefined) {
    throw new StreamError('RG006', `'${shown}' has no scheme; ${rule}`, `write file:${shown || 'PATH'} for a file`);
  }
  const near = nearest(scheme, names);
  const rest = shown.slice(scheme.length + 1);
  const hint =
    near === undefined
      ? `write for example ${schemes[names[0]!]!.example}`
      : `did you mean ${rest === '' ? schemes[near]!.example : `${near}:${rest}`}?`;
  throw new StreamError('RG006', `'${shown}' has the unknown scheme '${scheme}'; ${rule}`, hint);
}

/** `file:a/b` and `file:///a/b` are both understood; the second has its escapes decoded. */
export function pathOf(parts: Parts): string {
  try {
    const path = parts.rest.startsWith('//') ? decodeURIComponent(parts.rest.replace(/^\/\/[^/]*/, '')) : parts.rest;
    if (path !== '') return path;
  } catch {
    // An escape that is none: the same rule applies.
  }
  throw malformed(parts, 'has no path', 'write file:PATH');
}

/** `//HOST:PORT/PATH`; `onlyPath` when no other makes sense. */
export function addressOf(
  parts: Parts,
  onlyPath?: string,
): { readonly host: string; readonly port: number; readonly path: string } {
  const match = /^\/\/(\[[^\]]+\]|[^@:/?#]+):(\d+)(\/.*)?$/.exec(parts.rest);
  const path = match?.[3] ?? '/';
  if (match === null || (onlyPath !== undefined && path !== onlyPath)) {
    throw malformed(parts, 'has no host and port', `write ${parts.scheme}://localhost:9999`);
  }
  return { host: match[1]!.replace(/^\[(.*)\]$/, '$1'), port: Number(match[2]), path };
}

export function duration(parts: Parts, name: string): Duration | undefined {
  const text = parts.query.get(name);
  return text === undefined ? undefined : parseDuration(text);
}

export function wholeNumber(parts: Parts, name: string): number | undefined {
  const text = parts.query.get(name);
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  throw malformed(parts, `has ${name}=${text}, which is no whole number`, `write ${name}=1000`);
}

export function yesOrNo(parts: Parts, name: string): boolean {
  const text = parts.query.get(name) ?? 'false';
  if (text === 'true' || text === '') return true;
  if (text === 'false') return false;
  throw malformed(parts, `has ${name}=${text}, which is neither true nor false`, `write ${name}=true`);
}

export function malformed(parts: Parts, what: string, hint: string): StreamError {
  return new StreamError('RG006', `'${withoutSecrets(parts.uri)}' ${what}`, hint);
}

function allow(parts: Parts, names: readonly string[], given: readonly string[]): void {
  for (const [index, name] of given.entries()) {
    if (!names.includes(name)) {
      const near = nearest(name, names);
      const known = names.length === 0 ? 'it takes no options' : `its options are ${names.join(', ')}`;
      const isRate = name === 'rate' && parts.scheme === 'generate';
      const leaveOut = near === undefined ? `leave out ${name}` : `did you mean ${near}?`;
      const hint = isRate ? `use --rate ${parts.query.get(name)}` : leaveOut;
      throw malformed(parts, `has the unknown option '${name}'; ${known}`, hint);
    }
    if (given.indexOf(name) < index) throw malformed(parts, `has ${name} twice`, `leave one ${name} out`);
  }
}
