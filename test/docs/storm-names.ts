/** Every public name of Storm 2.8 that `docs/from-storm.md` must have a row for, by class. */
export const STORM_NAMES: Readonly<Record<string, string>> = {
  TopologyBuilder: 'setSpout setBolt setStateSpout addWorkerHook createTopology',
  InputDeclarer: `shuffleGrouping fieldsGrouping partialKeyGrouping globalGrouping allGrouping noneGrouping directGrouping localOrShuffleGrouping
    customGrouping grouping`,
  ComponentConfigurationDeclarer: `setNumTasks setMaxTaskParallelism setMaxSpoutPending setDebug addConfiguration addConfigurations setMemoryLoad
    setCPULoad addResource addResources addSharedMemory getRASConfiguration`,
  OutputFieldsDeclarer: 'declare declareStream',
  ISpout: 'open close activate deactivate nextTuple ack fail',
  SpoutOutputCollector: 'emit emitDirect getPendingCount flush reportError',
  IBolt: 'prepare execute cleanup',
  OutputCollector: 'emit emitDirect ack fail resetTimeout flush reportError',
  BasicOutputCollector: 'BasicOutputCollector emit emitDirect resetTimeout',
  'tick tuples': 'onTickTuple isTick',
  CustomStreamGrouping: 'LoadAwareCustomStreamGrouping refreshLoad CustomStreamGrouping',
  Tuple: `getValue getStringByField getFields contains size select getSourceComponent getSourceTask getSourceStreamId getMessageId`,
  TopologyContext: `getThisComponentId getThisTaskIndex getThisTaskId getComponentTasks getTaskToComponent getComponentIds getThisStreams
    getThisSources getThisTargets registerCounter registerGauge registerTimer registerMeter registerHistogram setTaskData setExecutorData
    getSharedExecutor addTaskHook`,
  BaseWindowedBolt: `withWindow withTumblingWindow withTimestampField withTimestampExtractor getTimestampExtractor withLag withWatermarkInterval
    withLateTupleStream`,
  'BaseWindowedBolt.Count and Duration': 'Count of Duration seconds minutes hours days',
  TupleWindow: 'get getIter getNew getExpired getStartTimestamp getEndTimestamp',
  BaseStatefulWindowedBolt:
    'initState withPersistence isPersistent withMessageIdField withMaxEventsInMemory maxEventsInMemory',
  JoinBolt: 'JoinBolt join leftJoin select withOutputStream',
  IStatefulBolt: 'initState prePrepare preCommit preRollback',
  KeyValueState: 'get put delete iterator',
  StreamBuilder: 'newStream build',
  Stream: `filter map mapToPair flatMap flatMapToPair window forEach peek aggregate reduce count repartition print to branch stateQuery`,
  PairStream: `mapValues flatMapValues aggregateByKey countByKey reduceByKey groupByKey groupByKeyAndWindow reduceByKeyAndWindow join
    leftOuterJoin rightOuterJoin fullOuterJoin coGroupByKey updateStateByKey`,
  StreamState: 'toPairStream',
  Windows: 'SlidingWindows TumblingWindows withTimestampField withLag withLateTupleStream',
  DRPC: 'LinearDRPCTopologyBuilder addBolt createLocalTopology createRemoteTopology DRPCSpout ReturnResults DRPCClient',
  'Trident, its streams': `newStream each map flatMap filter peek project partitionAggregate aggregate persistentAggregate groupBy partitionPersist
    newStaticState stateQuery newValuesStream min max minBy maxBy window slidingWindow tumblingWindow merge join multiReduce shuffle
    partitionBy partition broadcast global batchGlobal localOrShuffle identityPartition parallelismHint name`,
};
