/** `raingauge explain` and `graph`: lessons, plans and drawings. */
import { describe, expect, it } from 'vitest';
import { lessonOf, topics } from '../../src/cli/lessons.js';
import { ERRORS } from '../../src/core/errors.js';
import { projectFolderOf, raingauge, WORDS_MODULE } from './command.js';

describe('the lessons', () => {
  it('cover every error code', () => {
    expect(topics()).toEqual(expect.arrayContaining(Object.keys(ERRORS)));
  });

  it('are short and narrow, and lead on to lessons that exist', () => {
    for (const topic of topics()) {
      const lesson = lessonOf(topic)!;
      const lines = lesson.trimEnd().split('\n');
      expect(lines.length, topic).toBeLessThanOrEqual(32);
      expect(Math.max(...lines.map((line) => line.length)), topic).toBeLessThanOrEqual(100);
      const [, named] = /^see also: (.+) {3}\(/m.exec(lesson) ?? [];
      for (const next of named?.split(', ') ?? []) expect(topics(), topic).toContain(next);
    }
  });

  it('are found in any case, and with blanks', () => {
    expect(lessonOf('At least once')).toBe(lessonOf('at-least-once'));
    expect(lessonOf('rg012')).toContain('RG012: ');
    expect(lessonOf('nothing')).toBeUndefined();
  });

  it('are found by other words for the same thing', () => {
    expect(lessonOf('faults')).toBe(lessonOf('RG063'));
    expect(lessonOf('Workers')).toBe(lessonOf('worker'));
  });
});

describe('raingauge explain', () => {
  const cwd = projectFolderOf({ 'job.mjs': WORDS_MODULE, 'lines.txt': '' });

  it('prints a lesson', async () => {
    const { code, stdout, stderr } = await raingauge(['explain', 'acker']);
    expect(stdout).toContain('x XOR x = 0');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('lists the topics', async () => {
    const { code, stdout } = await raingauge(['explain']);
    for (const topic of ['acker', 'watermark', 'exactly-once']) expect(stdout).toMatch(new RegExp(`^  ${topic}$`, 'm'));
    expect(code).toBe(0);
  });

  it('prints both plans of a job, or the plan as JSON', async () => {
    const { code, stdout } = await raingauge(['explain', 'job.mjs', '--parallelism', '2'], { cwd });
    expect(stdout).toContain('=> stage 1: shuffle by hash of the key');
    expect(stdout).toContain('=> running: fields grouping by key');
    expect(code).toBe(0);
    const plan = JSON.parse((await raingauge(['explain', 'job.mjs', '--json'], { cwd })).stdout) as {
      readonly stages: readonly unknown[];
    };
    expect(plan.stages).toHaveLength(1);
  });
});

describe('raingauge graph', () => {
  const cwd = projectFolderOf({ 'job.mjs': WORDS_MODULE });

  it.each([
    [
      'text',
      'source lines (text-file)\n└─ flatMap\n   └─ map\n      └─ running: runningReduce\n         └─ sink counts (stdout)\n',
    ],
    ['mermaid', 'flowchart LR\n  n0(["source lines (text-file)"])\n  n1["flatMap"]\n'],
    ['dot', 'digraph "words" {\n  rankdir=LR;\n  n0 [label="source lines (text-file)", shape=ellipse];\n'],
  ])('draws as %s', async (format, part) => {
    const { code, stdout } = await raingauge(['graph', 'job.mjs', '--format', format], { cwd });
    expect(stdout).toContain(part);
    expect(code).toBe(0);
  });

  it('draws as JSON, with what the flags replace', async () => {
    const { stdout } = await raingauge(
      ['graph', 'job.mjs', '--format', 'json', '--source', 'lines=tcp://h:1', '--batch-interval', '3s'],
      { cwd },
    );
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'words',
      settings: { batchInterval: 3_000_000 },
      nodes: [{ spec: { kind: 'tcp', options: { host: 'h', port: 1 } } }, {}, {}, {}, {}],
    });
  });
});
