/** Flags of checkpoints, workers and faults that make no sense: one clear error each, and nothing is begun. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { projectFolderOf, raingauge, WORDS_MODULE } from './command.js';

const FILES = {
  'job.mjs': WORDS_MODULE,
  'lines.txt': 'a b a\nc\n',
  'plan.txt': '# two faults\nkill:running@50%\nkil:running@50%\n',
};
const RUN = ['run', 'job.mjs', '--mode', 'record'];

interface Case {
  readonly what: string;
  readonly words: readonly string[];
  readonly error: RegExp;
  readonly help: RegExp;
  readonly exit?: number;
  /** What is underlined of the command line; undefined where nothing is. */
  readonly marked?: string;
}

const CASES: readonly Case[] = [
  {
    what: 'isolation without workers',
    words: [...RUN, '--isolation', 'process'],
    error: /^error\[RG004\]: --isolation says what a worker is, and there are none$/m,
    help: /add --workers 2/,
    marked: '--isolation process',
  },
  {
    what: 'too many workers',
    words: [...RUN, '--workers', '1000'],
    error: /^error\[RG011\]: --workers: '1000' is no whole number, from 1 to 64$/m,
    help: /./,
    marked: '--workers 1000',
  },
  {
    what: 'an isolation that is none',
    words: [...RUN, '--workers', '2', '--isolation', 'proces'],
    error: /^error\[RG004\]: --isolation/m,
    help: /process/,
    marked: '--isolation proces',
  },
  {
    what: 'from scratch without a folder',
    words: [...RUN, '--from-scratch'],
    error: /^error\[RG004\]: --from-scratch and --allow-non-restored need --checkpoint DIR$/m,
    help: /add --checkpoint DIR/,
    marked: '--from-scratch',
  },
  {
    what: 'an interval that is none',
    words: [...RUN, '--checkpoint', 'progress', '--checkpoint-interval', '3'],
    error: /^error\[RG010\]: --checkpoint-interval: '3' is no duration/m,
    help: /3s/,
    marked: '--checkpoint-interval 3',
  },
  {
    what: 'a fault of a kind that is none',
    words: [...RUN, '--fault', 'kil:running@100'],
    error: /^error\[RG063\]: 'kil:running@100' is no fault$/m,
    help: /did you mean 'kill'\?/,
    marked: 'kil:running@100',
  },
  {
    what: 'a fault without a target',
    words: [...RUN, '--fault', 'kill'],
    error: /^error\[RG063\]: 'kill' is no fault$/m,
    help: /write KIND:TARGET@WHEN, such as kill:counts@50%/,
    marked: 'kill',
  },
  {
    what: 'a fault after the end',
    words: [...RUN, '--fault', 'kill:running@150%'],
    error: /^error\[RG063\]: 'kill:running@150%' is no fault$/m,
    help: /at most 100%/,
    marked: 'kill:running@150%',
  },
  {
    what: 'a fault of something that is not there',
    words: [...RUN, '--workers', '2', '--fault', 'kill:runing@100'],
    error: /^error\[RG063\]: the fault plan names 'runing', which the job does not have$/m,
    help: /did you mean 'running'\?/,
  },
  {
    what: 'a killed worker where there is none',
    words: [...RUN, '--fault', 'kill:running@100'],
    error: /^error\[RG063\]: 'kill:running' needs a worker, and all tasks run in the driver$/m,
    help: /add --workers 2 --isolation process/,
  },
  {
    what: 'a share of an input whose length nobody knows',
    words: [...RUN, '--workers', '2', '--fault', 'kill:running@50%'],
    error: /^error\[RG063\]: 'kill:running' strikes at a share of an input whose length nobody knows$/m,
    help: /@RECORDS/,
  },
  {
    what: 'a clock that should jump',
    words: [...RUN, '--fault', 'jump:clock@100'],
    error: /^error\[RG063\]: 'jump:clock@100\+1s' can only be simulated$/m,
    help: /raingauge simulate/,
  },
  {
    what: 'a fault file that is not there',
    words: [...RUN, '--fault-file', 'nowhere.txt'],
    error: /^error\[RG040\]: the fault plan 'nowhere.txt' cannot be read$/m,
    help: /one fault stands on each line/,
    exit: 5,
  },
  {
    what: 'a fault file with a line that is no fault',
    words: [...RUN, '--fault-file', 'plan.txt'],
    error: /^error\[RG063\]: plan\.txt, line 3: 'kil:running@50%' is no fault$/m,
    help: /did you mean 'kill'\?/,
    marked: 'plan.txt',
  },
  {
    what: 'a comparison with a fault of something that is not there, before it reads anything',
    words: ['compare', 'job.mjs', '--workers', '2', '--source', 'lines=file:nowhere.txt', '--fault', 'kill:runing@50%'],
    error: /^error\[RG063\]: the fault plan names 'runing', which the job does not have$/m,
    help: /did you mean 'running'\?/,
  },
  {
    what: 'a crash beside a fault',
    words: ['compare', 'job.mjs', '--crash', '--fault', 'throw:running@1'],
    error: /^error\[RG004\]: --crash brings a fault of its own, beside runs without any$/m,
    help: /leave it out/,
    marked: '--crash',
  },
  {
    what: 'a comparison that should kill itself',
    words: ['compare', 'job.mjs', '--workers', '2', '--fault', 'kill:driver@50%'],
    error: /^error\[RG063\]: 'kill:driver@50%' would end the comparison itself: both modes run in its process$/m,
    help: /raingauge run JOB --checkpoint DIR/,
    marked: 'kill:driver@50%',
  },
  {
    what: 'a comparison with a full disk',
    words: ['compare', 'job.mjs', '--fault', 'disk-full:progress@3'],
    error: /^error\[RG063\]: 'disk-full:progress@3' has nothing to strike: a comparison keeps no checkpoints$/m,
    help: /raingauge run JOB --checkpoint DIR/,
    marked: 'disk-full:progress@3',
  },
];

describe.concurrent('the command line', () => {
  it.each(CASES)('refuses $what', async ({ words, error, help, exit = 2, marked }) => {
    const cwd = projectFolderOf(FILES);
    const { code, stdout, stderr } = await raingauge(words, { cwd });
    expect(stderr).toMatch(error);
    expect(stderr.match(/^error/gm)).toHaveLength(1);
    expect(/^help: (.*)/m.exec(stderr)?.[1]).toMatch(help);
    expect(stderr).not.toMatch(/^\s+at /m);
    const frame = /--> command line\n {3}\|\n {3}\| (.*)\n {3}\| ( *)(\^+)\n/.exec(stderr);
    expect(frame?.[1]?.slice(frame[2]!.length, frame[2]!.length + frame[3]!.length)).toBe(marked);
    expect({ code, stdout }).toEqual({ code: exit, stdout: '' });
    expect(readdirSync(cwd).toSorted()).toEqual(Object.keys(FILES).toSorted());
  });
});
