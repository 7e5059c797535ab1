/** All variants by name. */
import type { Variant } from './measurement.js';
import * as byHand from './variants/word-count-by-hand.js';
import * as wordCount from './variants/word-count.js';

export const VARIANTS: Readonly<Record<string, Variant>> = {
  'hand-loop': byHand.handLoop,
  'rx-subjects': byHand.rxSubjects,
  'rx-pipe': byHand.rxPipe,
  'array-batch': byHand.arrayBatch,
  'micro-batch': wordCount.microBatch,
  'micro-batch-running': wordCount.microBatchRunning,
  'record': wordCount.recordWithoutAcking,
  'record-acking': wordCount.recordWithAcking,
  'record-rings': wordCount.recordRingsWithoutAcking,
  'record-rings-acking': wordCount.recordRingsWithAcking,
};
