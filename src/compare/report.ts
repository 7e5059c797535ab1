/** The first screen of a comparison as text: the verdict in words, then what each mode paid. */
import type { CompareResult } from './result.js';

/** What a piece of text means, so that the command line can colour it. */
export type Style = 'heading' | 'good' | 'bad' | 'warning' | 'dim' | 'micro-batch' | 'record';

/** Colours text, or gives it back as it is. */
export type Paint = (style: Style, text: string) => string;

export declare function report(result: CompareResult, paint?: Paint): string;
