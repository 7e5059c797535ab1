/** `raingauge doctor`: what it looks at, and when it fails. */
import { describe, expect, it } from 'vitest';
import { checkNode, isNodeSupported } from '../../src/cli/node-version.js';
import { raingauge } from './command.js';

describe('doctor', () => {
  it('names the machine and its timers, and exits with 0 where raingauge works', async () => {
    const { code, stdout } = await raingauge(['doctor', '--json']);
    const { schema, findings } = JSON.parse(stdout) as {
      readonly schema: string;
      readonly findings: readonly { readonly name: string; readonly state: string }[];
    };
    expect(schema).toBe('raingauge/doctor@1');
    expect(findings.map(({ name }) => name)).toEqual([
      'Node.js',
      'cores',
      'memory',
      'neighbours',
      'timers',
      'pacing',
      'stalls',
      'java',
      'docker',
      'nc',
    ]);
    expect(findings.filter(({ state }) => state === 'bad')).toEqual([]);
    expect(code).toBe(0);
  });
});

describe('the oldest Node', () => {
  it.each([
    ['18.20.0', false],
    ['20.18.3', false],
    ['20.19.0', true],
    ['22.0.0', true],
  ])('%s: works %s', (version, works) => {
    expect(isNodeSupported(version)).toBe(works);
  });

  it('is an error of the environment', () => {
    expect(() => checkNode('18.0.0')).toThrowError(expect.objectContaining({ code: 'RG051' }));
  });
});
