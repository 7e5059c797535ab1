/** Canonical JSON and its hash: a plan's identity. */

/** Serialises with sorted keys, so that equal data gives equal text. Functions and undefined are left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}

/** JSON for people to read: what JSON cannot hold stands there as text. Never throws. */
export function readableJson(value: unknown): string {
  try {
    const text: string | undefined = JSON.stringify(value, (_key, inner: unknown) => readable(inner));
    return text ?? String(value);
  } catch {
    return String(value);
  }
}

/** Of an error its name and message, of a map its pairs, of a set and of numbers in an array of their own the list of them. */
function readable(value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Error) return String(value);
  if (value instanceof Map || value instanceof Set) return [...value];
  return ArrayBuffer.isView(value) && !(value instanceof DataView) ? Array.from(value as never) : value;
}

/** A 64-bit FNV-style hash of text as 16 hex digits (two 32-bit lanes). An identity, not a signature. */
export function hashText(text: string): string {
  let high = 0x811c9dc5;
  let low = 0x1b873593;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ code, 0x85ebca6b);
    low ^= low >>> 13;
  }
  return hex(high) + hex(low);
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
