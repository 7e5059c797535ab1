/** Where a stamped partition stands, as plain data that outlives the process: how many records, which times, and the connector's own place. */

/** What `position` of a stamped partition gives. */
export interface StampPosition {
  /** Records handed out. What `from` says counts more. */
  readonly taken: number;
  /** When the first partition was polled first (us). */
  readonly begun?: number | undefined;
  /** The latest time that was given, and the next heartbeat (us). Absent before the first poll. */
  readonly time?: number | undefined;
  readonly heartbeat?: number | undefined;
  /** Absent without a rate. */
  readonly pace?: { readonly rate: number; readonly start: number } | undefined;
  /** Of the connector; and at the later place up to which its records are read again. */
  readonly raw?: unknown;
  readonly later?: unknown;
}

/** The connector's part of what `position` gave, by partition. */
export function rawPositions(resume: readonly unknown[]): readonly unknown[] {
  return resume.map((position) => asPosition(position)?.raw);
}

/** What the connector said at the end of what is to be read again, by partition: its order of files, for example. */
export function laterPositions(resume: readonly unknown[]): readonly unknown[] {
  return resume.map((position) => asPosition(position)?.later);
}

/**
 * Where a reader is opened that must read again what was read up to `later`: the connector stands at `place`, or at its beginning, and
 * times go on from `later`. What is read again has its times from the log, and what follows must not get earlier ones.
 */
export function readAgainFrom(place: unknown, later: unknown): unknown {
  const end = asPosition(later);
  if (end === undefined) return place;
  const from = asPosition(place);
  return { ...end, taken: from?.taken ?? 0, raw: from?.raw, later: end.raw };
}

/** Undefined for what is none: of another reader, or of none. */
export function asPosition(position: unknown): StampPosition | undefined {
  const isOne = typeof position === 'object' && position !== null && 'taken' in position;
  return isOne ? (position as StampPosition) : undefined;
}
