/** Both plans side by side, the guarantee with its reasons, and the drawings of a graph. */
import { describe, expect, it } from 'vitest';
import { seconds } from '../../src/core/time.js';
import { compile } from '../../src/plan/compile.js';
import { explainPlan } from '../../src/plan/explain.js';
import { renderGraph } from '../../src/plan/render.js';
import { topology } from '../../src/topology/builder.js';
import type { Bolt, Spout, Tuple } from '../../src/topology/components.js';
import type { Topology } from '../../src/topology/graph.js';
import { kafkaSource } from '../../src/topology/kafka-specs.js';
import { memory as memorySink, stdout } from '../../src/topology/sink-specs.js';
import { memory, tcp } from '../../src/topology/source-specs.js';

const words = topology('words', { batchInterval: seconds(0.5) }, (t) => {
  const pairs = t
    .source('lines', memory(['a b', 'b']))
    .flatMap((line) => line.split(' '))
    .map((word) => [word, 1] as const);
  pairs.runningReduce({ uid: 'running', reduce: (a, b) => a + b }).to('running', stdout());
  pairs
    .reduceByKeyAndWindow({
      uid: 'counts',
      window: seconds(5),
      slide: seconds(1),
      reduce: (a, b) => a + b,
      inverse: (total, left) => total - left,
    })
    .to('counts', memorySink());
});

const spout: Spout<{ line: string }> = { nextTuple: () => 'done' };
const bolt: Bolt<{ line: string }> = { execute: (tuple: Tuple<{ line: string }>, collector) => collector.ack(tuple) };
const lowLevel = topology('low', (t) => {
  const lines = t.setSpout('lines', () => spout, { parallelism: 2 });
  t.setBolt<{ line: string }, { line: string }>('count', () => bolt, { parallelism: 3 }).fieldsGrouping(lines, 'line');
});

describe('the explanation of a plan', () => {
  it('shows stages and shuffles beside tasks and groupings', () => {
    const text = explain(words, { parallelism: 2 });
    expect(text).toContain('MICRO-BATCH (as Spark Streaming)                 │ RECORD AT A TIME (as Storm)');
    expect(column(text, 0)).toContain(
      'stage 0: 1 partition\noffset ranges, cut at each tick\n  read lines (memory)\n  flatMap flatMap-1\n  map map-2\n=> stage 1: shuffle by hash of the key\n=> stage 2: shuffle by hash of the key, combined\n  map-side',
    );
    expect(column(text, 1)).toContain(
      'spout lines: 1 task\nemits with a message id, replays what fails\n  read lines (memory)\n  flatMap flatMap-1\n  map map-2\n=> running: fields grouping by key\n=> counts: fields grouping by key',
    );
    expect(column(text, 1)).toContain(
      'bolt counts: 2 tasks\n<= lines\n  window counts: 5 s every 1 s, inverse\n  sink counts (memory, per record)',
    );
    expect(column(text, 1)).toContain(
      'lines -> acker: init\nrunning -> acker: ack or fail\ncounts -> acker: ack or fail\nacker -> lines: done or failed',
    );
  });

  it('shows calls as a stage of their own', () => {
    const job = topology('look-ups', (t) => {
      t.source('lines', memory(['a']))
        .mapAsync(async (line) => [line, 1] as const, { uid: 'look up', timeout: seconds(2), ordered: false })
        .mapValues((n) => n + 1)
        .reduceByKey((a, b) => a + b)
        .to('out', memorySink());
    });
    const text = explain(job);
    expect(column(text, 0)).toContain('=> stage 1: partition by partition');
    expect(column(text, 0)).toContain(
      'stage 1: 1 partition\n<= stage 0\n  mapAsync look up (16 calls at a time of up to\n    2 s, in any order)\n  mapValues mapValues-2',
    );
    expect(column(text, 1)).toContain('=> look up: task to task');
    expect(renderGraph(job.graph, 'text')).toContain(
      'look up: mapAsync, 16 calls at a time of up to 2 s, in any order',
    );
  });

  it('draws what is fused to one chain as a tree', () => {
    expect(column(explain(words), 0)).toContain(
      '  map map-2\n  ├ running-reduce running\n  │ sink running (stdout, per record)\n  └ window counts: 5 s every 1 s, inverse\n    sink counts (memory, per record)',
    );
  });

  it('keeps to its columns', () => {
    for (const width of [60, 100, 140]) {
      const text = explainPlan(words.graph, compile(words, { parallelism: 2 }), { width });
      const lines = text.split('\n').slice(2);
      for (const line of lines) if (!line.startsWith('guarantee:')) expect(line.length).toBeLessThanOrEqual(width);
    }
  });

  it('says which guarantee holds, and which part decides', () => {
    const text = explain(words);
    expect(text).toContain(
      'guarantee: at-least-once is asked, and holds; source x operators x sinks give at-least-once',
    );
    expect(text).toMatch(/^ {2}source lines +exactly-once +memory can be read again/m);
    expect(text).toMatch(/^ {2}sink running +at-least-once +stdout cannot take a result back/m);
    expect(text).toMatch(/^ {2}sink counts +exactly-once /m);
  });

  it('names the weakest part, and none where all allow everything', () => {
    expect(explain(words)).toMatch(/^ {2}weakest +at-least-once +sink running: it allows no more$/m);
    const strong = topology('strong', (t) => t.source('lines', memory(['a'])).to('out', memorySink()));
    expect(explain(strong)).not.toContain('weakest');
    expect(explain(strong)).toContain(
      'guarantee: at-least-once is asked, and holds; source x operators x sinks give exactly-once',
    );
  });

  it('says what holds after each fault, in both modes, with and without a checkpoint', () => {
    const faults = explain(words).split('AFTER A FAULT')[1]!;
    for (const fault of [
      'a function throws, or a tuple is lost',
      'a worker is lost (--workers)',
      'the driver is lost, without --checkpoint',
      'the driver is lost, with --checkpoint',
    ])
      expect(faults).toContain(`\n${fault}\n`);
    expect(faults).toContain('ackOn checkpoint:');
    const update = explainPlan(words.graph, compile(words), { ackOn: 'update' });
    expect(update).toContain('ackOn update:');
    expect(column(update, 1)).toContain('open tuple trees are replayed');
  });

  it('says what acking is worth', () => {
    const text = explainPlan(words.graph, compile(words), { acking: false });
    expect(column(text, 1)).toContain('no acker\nnothing is tracked');
    expect(text).toContain('record mode without acking gives at-most-once');
    expect(text).not.toContain('ackOn');
    expect(column(text, 1)).toContain('at-most-once: nothing is replayed');
  });

  it('shows spouts and bolts in both modes', () => {
    const text = explain(lowLevel);
    expect(column(text, 0)).toContain('stage 1: 3 partitions\n<= stage 0\n  bolt count');
    expect(column(text, 0)).toContain('emits at each block interval; hears ack when');
    expect(column(text, 1)).toContain('spout lines: 2 tasks');
    expect(column(text, 1)).toContain('=> count: fields grouping by line');
    expect(column(text, 1)).toContain('count -> acker: ack or fail');
  });
});

describe('a drawing of a graph', () => {
  const diamond = topology('diamond', (t) => {
    const lines = t.source('lines', tcp('localhost:9999'));
    const { short, long } = lines.branch({ short: (line) => line.length < 9, long: () => true });
    short.union(long.map((line) => `"${line}"`)).to('out', stdout());
  });

  it('shows a node with two inputs once, and refers to it', () => {
    expect(renderGraph(diamond.graph, 'text')).toBe(
      [
        'diamond   batch interval 1 s, at-least-once',
        '',
        'source lines (tcp)',
        '└─ branch short | long',
        '   ├─ [long] map',
        '   │  └─ union',
        '   │     └─ sink out (stdout)',
        '   └─ [short] union   (see above)',
        '',
      ].join('\n'),
    );
  });

  it('marks what depends on more than is promised, and so does the explanation', () => {
    const job = topology('marks', (t) => {
      const pairs = t.source('in', memory.partitions<string, number>([[['a', 1]], [['b', 2]]]));
      pairs.glom().to('parts', memorySink());
      pairs
        .partitionBy()
        .mapPartitions((all) => all, { uid: 'moved' })
        .to('moved', memorySink());
      pairs.runningReduce({ uid: 'totals', reduce: (a, b) => a + b }).to('totals', memorySink());
      pairs.reduceByKey({ uid: 'firsts', reduce: (a) => a, orderSensitive: true }).to('firsts', memorySink());
      pairs.reduceByKey({ uid: 'sums', reduce: (a, b) => a + b }).to('sums', memorySink());
    });
    const drawing = renderGraph(job.graph, 'text');
    for (const line of [
      'glom, batch-sensitive',
      'moved: mapPartitions, batch-sensitive',
      'totals: runningReduce, order-sensitive',
      'firsts: reduceByKey, order-sensitive',
      'sums: reduceByKey',
    ])
      expect(drawing).toMatch(new RegExp(`─ ${line}\n`));
    for (const format of ['mermaid', 'dot'] as const)
      expect(renderGraph(job.graph, format)).toContain('"totals: runningReduce, order-sensitive"');
    const text = explainPlan(job.graph, compile(job), { width: 200 });
    expect(text.slice(text.indexOf('what depends'))).toBe(
      [
        'what depends on more than is promised, so that the modes may differ in it:',
        "  batch-sensitive: mapPartitions 'moved' depends on which task has which element, which is no part of the answer",
        "  order-sensitive: runningReduce 'totals' reads 2 partitions or paths, between which no order is promised",
        "  order-sensitive: reduceByKey 'firsts' reads 2 partitions or paths, between which no order is promised",
        '',
      ].join('\n'),
    );
  });

  it('says of a topic that how many partitions it has is not known yet', () => {
    const job = topology('topic', (t) => {
      const lines = t.source('lines', kafkaSource('lines', { brokers: 'localhost:9092' }));
      lines
        .map((line) => [line, 1] as const)
        .runningReduce({ uid: 'totals', reduce: (a, b) => a + b })
        .to('out', memorySink());
    });
    expect(renderGraph(job.graph, 'text')).toContain('totals: runningReduce, order-sensitive\n');
    expect(explainPlan(job.graph, compile(job), { width: 200 })).toContain(
      "runningReduce 'totals' may read several partitions: how many there are is known when the job starts\n",
    );
  });

  it('writes groupings on edges', () => {
    expect(renderGraph(lowLevel.graph, 'mermaid')).toBe(
      'flowchart LR\n  n0(["spout lines x 2"])\n  n1["bolt count x 3, order-sensitive"]\n  n0 -->|"fields grouping by line"| n1\n',
    );
    expect(renderGraph(lowLevel.graph, 'dot')).toContain('  n0 -> n1 [label="fields grouping by line"];\n');
  });

  it('as JSON is the graph', () => {
    expect(JSON.parse(renderGraph(words.graph, 'json'))).toEqual(JSON.parse(JSON.stringify(words.graph)));
  });

  it('is made of an invalid graph too', () => {
    const unread = topology('unread', (t) => void t.source('lines', memory(['a'])));
    expect(renderGraph(unread.graph, 'text')).toContain('source lines (memory)\n');
  });
});

function explain(job: Topology, options: Parameters<typeof compile>[1] = {}): string {
  return explainPlan(job.graph, compile(job, options));
}

/** The left or the right column of the plans. */
function column(text: string, index: 0 | 1): string {
  const rows = text.split('\n').filter((line) => line[49] === '│');
  return rows.map((line) => (index === 0 ? line.slice(0, 48).trimEnd() : line.slice(51))).join('\n');
}
