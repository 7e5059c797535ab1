/** How a result looks as text: pairs as in Spark, objects as JSON. */

/** `['a', 1]` is `(a,1)`, text is itself, a plain object is JSON; nothing here fails for an odd value. */
export function formatResult(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return `(${value.map(formatResult).join(',')})`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Map || value instanceof Set) return `{${[...value].map(formatResult).join(',')}}`;
  try {
    return (
      JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner)) ??
      String(value)
    );
  } catch {
    return String(value);
  }
}

/** Microseconds as milliseconds, whole where they are whole. */
export function formatMs(time: number): string {
  return String(time / 1_000);
}
