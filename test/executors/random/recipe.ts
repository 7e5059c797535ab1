/** Random jobs as plain data: small numbers that fast-check can shrink, and that `build.ts` gives a meaning to. */
import fc from 'fast-check';

/** Every operator that a random job may have. */
export const OPERATORS = [
  'map',
  'flatMap',
  'filter',
  'mapValues',
  'flatMapValues',
  'keyBy',
  'union',
  'diamond',
  'branch',
  'timestamps',
  'timestamps idle',
  'reduceByKey',
  'countByValue',
  'count',
  'reduceByKeyAndWindow',
  'reduceByKeyAndWindow inverse',
  'reduceByKeyAndWindow inverse filter',
  'reduceByKeyAndWindow keepEmptyKeys',
  'countByWindow',
  'peek',
  'reduce',
  'combineByKey',
  'combineByKey window',
  'aggregate',
  'aggregate window',
  'distinct',
  'top',
  'groupByKey',
  'groupByKeyAndWindow',
  'glom',
  'mapPartitions',
  'repartition',
  'partitionBy',
  'transform',
  'transformWith',
  'transform streams',
  'window',
  'reduceByWindow',
  'reduceByWindow inverse',
  'countByValueAndWindow',
  'cogroup',
  'join',
  'leftOuterJoin',
  'rightOuterJoin',
  'fullOuterJoin',
  'stateQuery',
  'joinTable',
  'leftOuterJoinTable',
  'sessionWindow',
  'intervalJoin',
  'runningReduce',
  'updateStateByKey',
  'updateStateByKey initial',
  'mapWithState',
  'mapWithState timeout',
  'stateSnapshots',
  'process',
  'mapAsync',
  'mapAsync unordered',
  'mapValuesAsync',
  'mapValuesAsync unordered',
] as const;
export type Operator = (typeof OPERATORS)[number];

/** One operator. `from` chooses among the streams that it can read; `a` and `b` are its parameters. */
export interface StepRecipe {
  readonly operator: Operator;
  readonly from: number;
  readonly a: number;
  readonly b: number;
  /** 0: no sink unless nothing else reads it. 1: a sink that takes each result. 2: one that acts per interval. */
  readonly sink: number;
}

/** A record: how long after the one before (in quarters of the batch interval), its key, its number, its delay. */
export type RecordRecipe = readonly [wait: number, key: number, value: number, delay: number];

/** A job and its input. */
export interface Recipe {
  /** Partitions of each source. */
  readonly sources: readonly (readonly (readonly RecordRecipe[])[])[];
  readonly steps: readonly StepRecipe[];
  readonly maxEmptyIntervals: number;
  /** Heartbeats behind the last record. */
  readonly silence: number;
  /** Chooses how batches are split, how much is polled, how big rings are. */
  readonly split: number;
}

// Long waits are rare, so that there are both crowded intervals and gaps of many.
const wait = fc.oneof(
  { weight: 12, arbitrary: fc.nat(4) },
  { weight: 2, arbitrary: fc.nat(20) },
  { weight: 1, arbitrary: fc.nat(120) },
);
const delay = fc.oneof({ weight: 3, arbitrary: fc.nat(2) }, { weight: 1, arbitrary: fc.nat(40) });
const record: fc.Arbitrary<RecordRecipe> = fc.tuple(wait, fc.nat(4), fc.nat(9), delay);
const partition = fc.oneof(
  { weight: 1, arbitrary: fc.constant<RecordRecipe[]>([]) },
  { weight: 9, arbitrary: fc.array(record, { minLength: 1, maxLength: 18 }) },
);
const source = fc.oneof(
  { weight: 2, arbitrary: fc.array(partition, { minLength: 1, maxLength: 1 }) },
  { weight: 1, arbitrary: fc.array(partition, { minLength: 2, maxLength: 3 }) },
);
const step: fc.Arbitrary<StepRecipe> = fc.record({
  operator: fc.constantFrom(...OPERATORS),
  from: fc.nat(20),
  a: fc.nat(12),
  b: fc.nat(12),
  sink: fc.nat(2),
});

/** Random jobs. */
export const recipes: fc.Arbitrary<Recipe> = fc.record({
  sources: fc.array(source, { minLength: 1, maxLength: 2 }),
  steps: fc.array(step, { minLength: 1, maxLength: 9 }),
  maxEmptyIntervals: fc.constantFrom(10_000, 1, 3),
  silence: fc.nat(6),
  split: fc.nat(1_000_000),
});

/** Jobs that read one partition. */
export const singles: fc.Arbitrary<Recipe> = recipes.map((recipe) => ({
  ...recipe,
  sources: [[recipe.sources[0]![0]!]],
}));
