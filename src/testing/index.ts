/** The entry point `raingauge/testing`: runs a job on virtual time and says what it did. */
export { type IntervalRun, type IntervalRunOptions, type OutsideResult, runIntervals } from './run-intervals.js';
export { type InactiveStretch, runTuples, type TupleRun, type TupleRunOptions } from './run-tuples.js';
export type { ScriptedMessage, SpoutScript } from './scripted-spout.js';
export type { TupleFault } from './tuple-faults.js';
export type { EmittedTuple, FailedTuple, ReportedError, TupleBatch } from './tuple-log.js';
export type { DeliveredTuple, LifeCall, WindowActivation } from './watched-components.js';
