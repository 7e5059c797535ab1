/** Tests of the log: JSON lines, and silence below the level. */
import { expect, it } from 'vitest';
import { createLog } from '../../src/runtime/log.js';

it('writes one JSON line a call, and nothing below its level', () => {
  const lines: string[] = [];
  const log = createLog({ level: 'info', write: (line) => lines.push(line) });
  log.debug({}, 'too quiet');
  log.info({ batchTime: 5 }, 'a batch is done');
  log.error({ code: 'RG040' }, 'a file is missing');
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { level: 30, batchTime: 5, msg: 'a batch is done' },
    { level: 50, code: 'RG040', msg: 'a file is missing' },
  ]);
});

it('says nothing but trouble by default', () => {
  const lines: string[] = [];
  const log = createLog({ write: (line) => lines.push(line) });
  log.info({}, 'fine');
  log.warn({}, 'not fine');
  expect(lines).toHaveLength(1);
});
