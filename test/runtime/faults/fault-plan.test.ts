/** Faults as text: what is read is what was meant, and what is no fault says so. */
import { describe, expect, it } from 'vitest';
import { parseFault, parseFaults, showFault } from '../../../src/runtime/faults/fault-plan.js';

describe('faults as text', () => {
  it.each([
    'kill:counts@50%',
    'kill:driver@12.5%',
    'terminate:counts@2s',
    'stop:counts@2s+3s',
    'drop-ack:counts@100',
    'duplicate-ack:counts@1',
    'delay-ack:counts@100+50ms',
    'drop-tuple:counts@7',
    'throw:counts@1000',
    'throw:counts@1000x3',
    'slow:counts@5+200ms',
    'fail-sync:log@3',
    'torn-write:chk-@1',
    'disk-full:log@2x40',
    'drop-fail:counts@2',
    'lose-acker:0@50%',
    'jump:clock@2s-1h',
    'clog:workers@50%+12s',
    'crash:2@150',
    'flip:chk-@2',
    'disconnect:lines@5000+1s',
    'kill:counts@33.333333333%',
    'kill:counts@0%',
    'kill:counts@0.000001%',
    'jump:clock@0s-0s',
    'slow:counts@5+1.5us',
  ])('reads and writes %s', (text) => {
    const fault = parseFault(text);
    expect(parseFault(showFault(fault))).toEqual(fault);
  });

  it('knows shares, records and times', () => {
    expect(parseFault('kill:counts@50%')).toMatchObject({ at: { unit: 'share', value: 0.5 } });
    expect(parseFault('kill:counts@5000')).toMatchObject({ at: { unit: 'records', value: 5_000 } });
    expect(parseFault('kill:counts@1.5s')).toMatchObject({ at: { unit: 'time', value: 1_500_000 } });
  });

  it('has a length where one is meant and none is said', () => {
    expect(parseFault('stop:counts@50%')).toMatchObject({ span: 1_000_000 });
  });

  it.each([
    ['kill', 'write KIND:TARGET@WHEN'],
    ['kil:counts@50%', "did you mean 'kill'?"],
    ['kill:counts@150%', 'at most 100%'],
    ['kill:counts@0.0000001%', 'at least 0.000001%'],
    ['kill:counts@1.5', 'whole numbers'],
    ['drop-ack:counts@50%', 'counts: @1 is the first'],
    ['drop-ack:counts@0', 'counts: @1 is the first'],
    ['kill:counts@50%x3', 'takes no xTIMES'],
    ['kill:counts@50%+3s', 'takes no length'],
    ['kill:counts@', 'write KIND:TARGET@WHEN'],
    ['kill:counts@1.2.3s', 'write KIND:TARGET@WHEN'],
    ['stop:counts@1s+.s', 'write KIND:TARGET@WHEN'],
    [`kill:counts@${'9'.repeat(400)}s`, 'is longer than time is counted'],
    ['stop:counts@1s+9999999999h', 'is longer than time is counted'],
    ['throw:counts@1x0', 'a whole number from 1 on'],
    ['throw:counts@1x99999999999999999999', 'a whole number from 1 on'],
  ])('refuses %s', (text, hint) => {
    expect(() => parseFault(text)).toThrow(
      expect.objectContaining({ code: 'RG063', hint: expect.stringContaining(hint) }),
    );
  });

  it('reads a file: one a line, without remarks', () => {
    const text = '# half way\nkill:counts@50%   # one\n\ndrop-ack:counts@3\r\n';
    expect(parseFaults(text).map(showFault)).toEqual(['kill:counts@50%', 'drop-ack:counts@3']);
  });
});
