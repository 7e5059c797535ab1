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

/** The sections of the page that have the rows of each class. */
export const STORM_SECTIONS: Readonly<Record<string, readonly string[]>> = {
  TopologyBuilder: ['TopologyBuilder'],
  InputDeclarer: ['BoltDeclarer, SpoutDeclarer'],
  ComponentConfigurationDeclarer: ['BoltDeclarer, SpoutDeclarer'],
  OutputFieldsDeclarer: ['OutputFieldsDeclarer'],
  ISpout: ['Spouts'],
  SpoutOutputCollector: ['Spouts'],
  IBolt: ['Bolts'],
  OutputCollector: ['Bolts'],
  BasicOutputCollector: ['Bolts'],
  'tick tuples': ['Bolts'],
  CustomStreamGrouping: ['BoltDeclarer, SpoutDeclarer'],
  Tuple: ['Tuple, TopologyContext'],
  TopologyContext: ['Tuple, TopologyContext'],
  BaseWindowedBolt: ['Windowed bolts'],
  'BaseWindowedBolt.Count and Duration': ['Windowed bolts'],
  TupleWindow: ['Windowed bolts'],
  BaseStatefulWindowedBolt: ['Stateful windowed bolts'],
  JoinBolt: ['JoinBolt'],
  IStatefulBolt: ['Stateful bolts'],
  KeyValueState: ['Stateful bolts'],
  StreamBuilder: ['Streams API'],
  Stream: ['Streams API'],
  PairStream: ['Streams API'],
  StreamState: ['Streams API'],
  Windows: ['Streams API'],
  DRPC: ['Trident, DRPC'],
  'Trident, its streams': ['Trident, DRPC'],
};

/** How many rows each section has: overloads have rows of their own, which the names alone do not tell. */
export const STORM_ROWS: Readonly<Record<string, number>> = {
  TopologyBuilder: 11,
  'BoltDeclarer, SpoutDeclarer': 19,
  OutputFieldsDeclarer: 4,
  Spouts: 12,
  Bolts: 19,
  'Tuple, TopologyContext': 11,
  'Windowed bolts': 22,
  'Stateful windowed bolts': 5,
  JoinBolt: 5,
  'Stateful bolts': 7,
  'Streams API': 21,
  'Trident, DRPC': 23,
};
