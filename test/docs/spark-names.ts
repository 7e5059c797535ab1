/** Every public name of Spark Streaming 3.5 that `docs/from-spark.md` must have a row for, by class: Scala's, PySpark's and Java's own. */
export const SPARK_NAMES: Readonly<Record<string, string>> = {
  DStream: `map flatMap filter glom mapPartitions repartition reduce count countByValue union transform transformWith window reduceByWindow
    countByWindow countByValueAndWindow foreachRDD print saveAsTextFiles saveAsObjectFiles persist cache checkpoint slice slideDuration
    dependencies compute context`,
  PairDStreamFunctions: `groupByKey reduceByKey combineByKey groupByKeyAndWindow reduceByKeyAndWindow updateStateByKey mapWithState mapValues
    flatMapValues cogroup join leftOuterJoin rightOuterJoin fullOuterJoin saveAsHadoopFiles saveAsNewAPIHadoopFiles`,
  MapWithStateDStream: 'stateSnapshots',
  StreamingContext: `StreamingContext sparkContext remember checkpoint receiverStream socketTextStream socketStream rawSocketStream fileStream
    textFileStream binaryRecordsStream queueStream union transform addStreamingListener removeStreamingListener getState start
    awaitTermination awaitTerminationOrTimeout stop getActive getActiveOrCreate getOrCreate jarOfClass toPairDStreamFunctions`,
  Receiver: `onStart onStop store restart stop reportError isStarted isStopped streamId preferredLocation storageLevel`,
  StateSpec: 'function initialState numPartitions partitioner timeout',
  State: 'exists get getOption update remove isTimingOut',
  'PySpark DStream': `cache checkpoint cogroup combineByKey context count countByValue countByValueAndWindow countByWindow filter flatMap
    flatMapValues foreachRDD fullOuterJoin glom groupByKey groupByKeyAndWindow join leftOuterJoin map mapPartitions mapPartitionsWithIndex
    mapValues partitionBy persist pprint reduce reduceByKey reduceByKeyAndWindow reduceByWindow repartition rightOuterJoin saveAsTextFiles
    slice transform transformWith union updateStateByKey window`,
  'PySpark StreamingContext': `addStreamingListener awaitTermination awaitTerminationOrTimeout binaryRecordsStream checkpoint getActive
    getActiveOrCreate getOrCreate queueStream remember socketTextStream sparkContext start stop textFileStream transform union`,
  Java: `mapToPair flatMapToPair mapPartitionsToPair transformToPair transformWithToPair close ssc toJavaDStream fromJavaDStream dstream wrapRDD
    classTag`,
};

/** The sections of the page that have the rows of each class. */
export const SPARK_SECTIONS: Readonly<Record<string, readonly string[]>> = {
  DStream: ['DStream'],
  PairDStreamFunctions: ['PairDStreamFunctions'],
  MapWithStateDStream: ['PairDStreamFunctions'],
  StreamingContext: ['StreamingContext'],
  Receiver: ['StreamingContext'],
  StateSpec: ['StateSpec, State'],
  State: ['StateSpec, State'],
  'PySpark DStream': ["PySpark's own names", 'DStream', 'PairDStreamFunctions'],
  'PySpark StreamingContext': ["PySpark's own names", 'StreamingContext'],
  Java: ["Java's own names", 'StreamingContext'],
};

/** How many rows each section has: overloads have rows of their own, which the names alone do not tell. */
export const SPARK_ROWS: Readonly<Record<string, number>> = {
  DStream: 25,
  PairDStreamFunctions: 16,
  "PySpark's own names": 10,
  "Java's own names": 6,
  'StateSpec, State': 7,
  StreamingContext: 29,
};
