/** A planted defect. */
export interface Mutant {
  readonly name: string;
  /** The jobs that can find it. */
  readonly jobs: readonly string[];
  /** Flags of `simulate` for the runs that can find it. */
  readonly where: readonly string[];
  readonly breaks: string;
  /** Text of the built program, by file in `dist`. */
  readonly edits: readonly { readonly file: string; readonly find: string; readonly replace: string }[];
}

export const MUTANTS: readonly Mutant[];
