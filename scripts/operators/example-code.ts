/** Makes a module of an operator's example: the one that the page shows, and that the tests run. */
import type { Example } from './doc-comments.js';

const ELEMENTS: Readonly<Record<string, string>> = {
  numbers: 'number',
  more: 'number',
  words: 'string',
  pairs: 'string, number',
  others: 'string, number',
};

/** The sink of an example's results. An operator that is an end itself brings its own. */
export function sinkOf(name: string): string {
  return ['print', 'foreachBatch', 'saveAsTextFiles'].includes(name) ? name : 'out';
}

/** The module up to the job; `extra` are further exports of 'raingauge/testing' and what stands behind the job. */
export function moduleOf(name: string, { inputs, expression }: Example, behind: string): string {
  const isEnd = name === 'to' || sinkOf(name) !== 'out';
  const lines = expression.split('\n').map((line) => `  ${line}`);
  const needs = (word: string): boolean => new RegExp(`\\b${word}\\(`).test(expression);
  const body = [
    ...Object.keys(inputs).map(
      (stream) => `  const ${stream} = t.source('${stream}', memory<${ELEMENTS[stream]!}>([]));`,
    ),
    `${lines.join('\n')}${isEnd ? '' : ".to('out', none())"};`,
  ];
  return [
    `import { ${needs('seconds') ? 'seconds, ' : ''}topology } from 'raingauge';`,
    ...(isEnd && !needs('none') ? [] : ["import { none } from 'raingauge/sinks';"]),
    "import { memory } from 'raingauge/sources';",
    "import { runIntervals } from 'raingauge/testing';",
    '',
    `const job = topology('${name}', (t) => {`,
    ...body,
    '});',
    behind,
  ].join('\n');
}

/** The input of an example, as source text. */
export function inputsOf({ inputs }: Example): string {
  return `{ ${Object.entries(inputs)
    .map(([stream, intervals]) => `${stream}: ${intervals}`)
    .join(', ')} }`;
}

/** The whole example, which fails unless both modes give what the page says. */
export function shownExample(name: string, example: Example, outputs: unknown): string {
  const sink = sinkOf(name);
  return moduleOf(
    name,
    example,
    [
      '',
      "for (const mode of ['micro-batch', 'record'] as const) {",
      `  const { outputs } = await runIntervals(job, { mode, inputs: ${inputsOf(example)} });`,
      `  const expected = ${literalOf(outputs)};`,
      `  if (JSON.stringify(outputs['${sink}']) !== JSON.stringify(expected)) throw new Error(\`\${mode} gave something else\`);`,
      '}',
    ].join('\n'),
  );
}

/** JSON as a person would type it; `JSON.stringify` makes null of undefined, on both sides of the comparison. */
function literalOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literalOf).join(', ')}]`;
  return typeof value === 'string' ? `'${value}'` : String(value);
}
