/** One row of the fault table: a fault, what each guarantee says of it, and the tests that show it. */

/** What holds with at-most-once, at-least-once and exactly-once; one sentence where it is the same with all. */
export type Promised =
  | string
  | { readonly atMostOnce: string; readonly atLeastOnce: string; readonly exactlyOnce: string };

/** A test: its file below `test`, and its title as it stands there, templates of `it.each` included. */
export type NamedTest = readonly [file: string, title: string];

export interface FaultRow {
  /** Number in the table of docs/guarantees.md. */
  readonly number: number;
  /** Component and fault, in words. */
  readonly fault: string;
  readonly promised: Promised;
  readonly tests: readonly NamedTest[];
  /** What of the row comes with a later part of raingauge. A row without tests has one. */
  readonly later?: string;
}

/** Nothing lost, and nothing twice that was not replayed. */
export const USUAL: Promised = {
  atMostOnce: 'what was under way may be lost',
  atLeastOnce: 'none lost; twice only what is done again',
  exactlyOnce: 'none lost, none twice',
};
