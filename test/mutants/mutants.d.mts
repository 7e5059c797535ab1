/** A planted defect. */
export interface Mutant {
  readonly name: string;
  /** Modes that can find it. */
  readonly mode: 'micro-batch' | 'record' | 'both';
  readonly breaks: string;
  /** Text of the built program, by file in `dist`. */
  readonly edits: readonly { readonly file: string; readonly find: string; readonly replace: string }[];
}

export const MUTANTS: readonly Mutant[];
