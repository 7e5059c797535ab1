/** Validation: a graph to all its problems at once. It opens nothing and runs nothing. */
import { nearest, StreamError } from '../core/errors.js';
import { KEY_GROUPS } from '../core/keys.js';
import { formatDuration } from '../core/time.js';
import { type BoltNode, type Graph, inputsOf, type Node } from '../topology/graph.js';
import { guaranteeProblems } from './guarantee.js';
import { greatestCommonDivisor, slidesOf } from './slides.js';
import { slideProblems } from './validate-slides.js';

/** Every problem of a graph, in the order of its nodes. */
export function validate(graph: Graph): StreamError[] {
  const slides = slidesOf(graph);
  return [
    ...settingProblems(graph),
    ...endProblems(graph),
    ...nameProblems(graph),
    ...graph.nodes.flatMap((node) => [...inputProblems(node, graph), ...slideProblems(node, slides, graph)]),
    ...timestampProblems(graph),
    ...unreadProblems(graph),
    ...guaranteeProblems(graph),
  ];
}

function settingProblems(graph: Graph): StreamError[] {
  const { batchInterval, attemptsMax, maxEmptyIntervals, maxTaskParallelism = 1, maxKeys = 1 } = graph.settings;
  const problems: StreamError[] = [];
  if (!Number.isSafeInteger(batchInterval) || batchInterval < 1_000) {
    problems.push(
      new StreamError(
        'RG010',
        `the batch interval is ${String(batchInterval)} us; it must be at least 1 ms`,
        'use for example seconds(0.5)',
      ),
    );
  }
  for (const [name, value] of Object.entries({ attemptsMax, maxEmptyIntervals, maxTaskParallelism, maxKeys })) {
    if (!Number.isSafeInteger(value) || value < 1)
      problems.push(
        new StreamError(
          'RG011',
          `${name} is ${String(value)}; it must be a whole number, 1 or more`,
          `leave ${name} out for its default`,
        ),
      );
  }
  return problems;
}

function endProblems(graph: Graph): StreamError[] {
  const has = (...kinds: readonly Node['kind'][]): boolean => graph.nodes.some((node) => kinds.includes(node.kind));
  const problems: StreamError[] = [];
  if (!has('source', 'spout'))
    problems.push(
      new StreamError(
        'RG013',
        `topology '${graph.name}' has no source`,
        "begin a stream with t.source('lines', textFile('book.txt')) or t.setSpout(…)",
      ),
    );
  if (!has('sink') && !terminalBolts(graph).length)
    problems.push(
      new StreamError(
        'RG013',
        `topology '${graph.name}' has no sink, so nothing would run`,
        "end a stream with .to('counts', stdout())",
      ),
    );
  return problems;
}

function terminalBolts(graph: Graph): readonly Node[] {
  const read = new Set(graph.nodes.flatMap((node) => inputsOf(node).map((input) => input.node)));
  return graph.nodes.filter((node) => node.kind === 'bolt' && !read.has(node.id));
}

function nameProblems(graph: Graph): StreamError[] {
  const problems: StreamError[] = [];
  const seen = new Map<string, Node>();
  for (const node of graph.nodes) {
    const first = seen.get(node.uid);
    if (first !== undefined)
      problems.push(
        new StreamError(
          'RG014',
          `two operators have the uid '${node.uid}' (${first.kind} and ${node.kind})`,
          'give each its own: state and errors are found by it',
          { place: node.place },
        ),
      );
    if (node.uid === '' || node.uid.startsWith('__'))
      problems.push(
        new StreamError(
          'RG022',
          `'${node.uid}' cannot be a name: it is empty or begins with '__'`,
          'names that begin with __ belong to the engine',
          { place: node.place },
        ),
      );
    seen.set(node.uid, node);
  }
  return problems;
}

function inputProblems(node: Node, graph: Graph): StreamError[] {
  const problems: StreamError[] = [];
  for (const input of inputsOf(node)) {
    const parent = graph.nodes[input.node];
    if (parent === undefined) {
      problems.push(
        new StreamError(
          'RG016',
          `'${node.uid}' reads a stream of another topology`,
          'build all streams of a job from the same t',
          { place: node.place },
        ),
      );
    } else if (input.node >= node.id) {
      problems.push(
        new StreamError(
          'RG015',
          `'${node.uid}' reads '${parent.uid}', which depends on it: a cycle`,
          'a topology is acyclic: send feedback through a sink and a source',
          { place: node.place },
        ),
      );
    }
  }
  problems.push(...partitionProblems(node));
  if (node.kind === 'bolt') problems.push(...boltProblems(node, graph));
  if (node.kind === 'bolt' || node.kind === 'spout') {
    if (!Number.isSafeInteger(node.parallelism) || node.parallelism < 1 || node.parallelism > 1_024) {
      problems.push(
        new StreamError(
          'RG011',
          `'${node.name}' has parallelism ${String(node.parallelism)}; it must be a whole number from 1 to 1024`,
          'leave it out for one task',
          { place: node.place },
        ),
      );
    }
  }
  return problems;
}

function partitionProblems({ uid, partitions, place }: Node): StreamError[] {
  if (partitions === undefined) return [];
  if (Number.isSafeInteger(partitions) && partitions >= 1 && partitions <= KEY_GROUPS) return [];
  return [
    new StreamError(
      'RG011',
      `'${uid}' has ${String(partitions)} partitions; it must be a whole number from 1 to ${KEY_GROUPS}`,
      'use the number of cores or less',
      { place },
    ),
  ];
}

function boltProblems(node: BoltNode, graph: Graph): StreamError[] {
  const problems: StreamError[] = [];
  const { batchInterval } = graph.settings;
  if (node.inputs.length === 0)
    problems.push(
      new StreamError(
        'RG016',
        `bolt '${node.name}' reads nothing`,
        `give it a grouping: t.setBolt('${node.name}', …).shuffleGrouping(stream)`,
        { place: node.place },
      ),
    );
  if (node.tickEvery !== undefined && node.tickEvery < 1_000)
    problems.push(
      new StreamError(
        'RG010',
        `the tick of '${node.name}' is ${formatDuration(node.tickEvery)}; it must be at least 1 ms (batch interval: ${formatDuration(batchInterval)})`,
        'use for example seconds(1)',
        { place: node.place },
      ),
    );
  else if (node.tickEvery !== undefined && greatestCommonDivisor(batchInterval, node.tickEvery) < 1_000)
    problems.push(
      new StreamError(
        'RG010',
        `the tick of '${node.name}' (${formatDuration(node.tickEvery)}) and the batch interval (${formatDuration(batchInterval)}) are multiples of ${formatDuration(greatestCommonDivisor(batchInterval, node.tickEvery))} only; stream time has steps of at least 1 ms`,
        'use whole milliseconds for both',
        { place: node.place },
      ),
    );
  for (const { stream, grouping } of node.inputs) {
    const parent = graph.nodes[stream.node];
    if (parent === undefined || (parent.kind !== 'spout' && parent.kind !== 'bolt')) continue;
    const declared = parent.streams.find((candidate) => candidate.name === stream.output);
    if (declared === undefined) {
      const names = parent.streams.map((candidate) => candidate.name);
      const near = nearest(stream.output, names);
      problems.push(
        new StreamError(
          'RG018',
          `'${node.name}' reads stream '${stream.output}' of '${parent.name}', which declares ${names.join(', ')}`,
          near === undefined ? `declare it: streams: { ${stream.output}: 'grouped' }` : `did you mean '${near}'?`,
          { place: node.place },
        ),
      );
    } else if (declared.direct !== (grouping.kind === 'direct')) {
      const message = declared.direct
        ? `reads the direct stream '${stream.output}' of '${parent.name}' by ${grouping.kind} grouping`
        : `reads '${stream.output}' of '${parent.name}' by direct grouping, but the stream is not direct`;
      problems.push(
        new StreamError(
          'RG018',
          `'${node.name}' ${message}`,
          declared.direct ? 'use directGrouping' : `declare the stream 'direct', or use another grouping`,
          { place: node.place },
        ),
      );
    }
    if ('fields' in grouping && grouping.fields.length === 0)
      problems.push(
        new StreamError(
          'RG018',
          `'${node.name}' has a ${grouping.kind} grouping without fields`,
          `name at least one: ${grouping.kind}Grouping(words, 'word')`,
          { place: node.place },
        ),
      );
  }
  return problems;
}

const BEFORE_TIMESTAMPS: ReadonlySet<Node['kind']> = new Set([
  'map',
  'flatMap',
  'filter',
  'mapValues',
  'flatMapValues',
  'keyBy',
  'branch',
  'peek',
  'joinTable',
  'leftOuterJoinTable',
]);

/** `timestamps` may follow narrow operators only, once on each path from a source. */
function timestampProblems(graph: Graph): StreamError[] {
  return graph.nodes.flatMap((node) => {
    if (node.kind !== 'timestamps') return [];
    for (let input: Node | undefined = graph.nodes[node.input.node]; input !== undefined; ) {
      if (input.kind === 'source') return [];
      if (!BEFORE_TIMESTAMPS.has(input.kind)) {
        return [
          new StreamError(
            'RG020',
            `'${node.uid}' sets timestamps behind '${input.uid}' (${input.kind})`,
            'set timestamps once, at each source, before any grouping, union or window',
            { place: node.place },
          ),
        ];
      }
      const previous = inputsOf(input)[0];
      input = previous === undefined ? undefined : graph.nodes[previous.node];
    }
    return [];
  });
}

function unreadProblems(graph: Graph): StreamError[] {
  const read = new Set<number>();
  const arms = new Set<string>();
  for (const { node, output } of graph.nodes.flatMap((each) => inputsOf(each))) {
    read.add(node);
    arms.add(`${node}:${output}`);
  }
  return graph.nodes.flatMap((node) => {
    if (node.kind === 'sink' || node.kind === 'bolt') return [];
    const unread =
      node.kind === 'branch' && node.arms.length > 0
        ? node.arms.filter((arm) => !arms.has(`${node.id}:${arm}`)).map((arm) => `the arm '${arm}'`)
        : read.has(node.id)
          ? []
          : ['the stream'];
    return unread.map(
      (what) =>
        new StreamError(
          'RG016',
          `nothing consumes ${what} of '${node.uid}' (${node.kind})`,
          node.kind === 'branch'
            ? "end it with .to('name', sink), with none() if nobody wants it, or remove it"
            : "end it with .to('name', sink), or remove it",
          { place: node.place },
        ),
    );
  });
}
