/** The files of a new project. */

/** File contents by path. `dependency` is a version or a `file:` path of raingauge. */
export function projectFiles(name: string, dependency: string): Readonly<Record<string, string>> {
  return {
    'package.json': `${JSON.stringify(packageOf(name, dependency), null, 2)}\n`,
    'tsconfig.json': TSCONFIG,
    'job.ts': JOB,
    'lines.txt': LINES,
    'test/job.test.ts': TEST,
    'README.md': README.replace('NAME', name),
    '.gitignore': 'node_modules/\n',
  };
}

function packageOf(name: string, dependency: string): object {
  return {
    name,
    private: true,
    type: 'module',
    scripts: {
      start: 'raingauge compare job.ts --for 5s',
      test: 'node --import raingauge/register --test test/job.test.ts',
    },
    dependencies: { raingauge: dependency },
  };
}

const TSCONFIG = `${JSON.stringify(
  {
    compilerOptions: {
      target: 'es2023',
      module: 'nodenext',
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      verbatimModuleSyntax: true,
      skipLibCheck: true,
    },
    include: ['job.ts', 'test'],
  },
  null,
  2,
)}\n`;

const JOB = `import { seconds, topology } from 'raingauge';
import { stdout } from 'raingauge/sinks';
import { textFile } from 'raingauge/sources';

export default topology('word-count', { batchInterval: seconds(0.5) }, (t) => {
  const words = t
    .source('lines', textFile('lines.txt'))
    .flatMap((line) => line.toLowerCase().split(/[^a-z']+/))
    .filter((word) => word !== '')
    .map((word) => [word, 1] as const);

  // One result for each word, at once: here the two modes differ most.
  words.runningReduce({ uid: 'running', reduce: (a, b) => a + b }).to('running', stdout());

  // One result for each word and half second, over the last two seconds.
  words
    .reduceByKeyAndWindow({
      uid: 'counts',
      window: seconds(2),
      reduce: (a, b) => a + b,
      inverse: (total, left) => total - left,
    })
    .to('counts', stdout());
});
`;

const TEST = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runIntervals } from 'raingauge/testing';
import job from '../job.ts';

// Virtual time: intervals of half a second pass at once.
for (const mode of ['micro-batch', 'record'] as const) {
  test(\`counts the words of the last two seconds (\${mode})\`, async () => {
    const lines = [['rain rain', 'sun'], ['Rain!'], [], [], []];
    const { outputs } = await runIntervals(job, { mode, inputs: { lines } });
    const counts = outputs['counts']!.map((results) => Object.fromEntries(results as [string, number][]));
    assert.deepEqual(counts, [
      { rain: 2, sun: 1 },
      { rain: 3, sun: 1 },
      { rain: 3, sun: 1 },
      { rain: 3, sun: 1 },
      { rain: 1 },
    ]);
  });
}
`;

const LINES = `${Array.from({ length: 50 }, () => ['the rain in spain stays mainly in the plain', 'it never rains but it pours', 'into each life some rain must fall', 'after rain comes sunshine', 'save it for a rainy day'].join('\n')).join('\n')}\n`;

const README = `# NAME

A job for raingauge: it counts words, running and over a window, in both execution models.

    npm install
    npm start        # both modes on lines.txt: same answer? what did each cost?
    npm test         # the job on virtual time

Further:

    npx raingauge run job.ts --mode record
    npx raingauge run job.ts --mode micro-batch --source lines=tcp://localhost:9999   # with: nc -lk 9999
    npx raingauge explain job.ts
    npx raingauge explain acker
`;
