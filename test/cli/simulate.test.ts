/** `raingauge simulate`: what a run that holds prints, what one that breaks a promise prints, and that its command repeats it. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderOf, raingauge, root } from './command.js';

const shop = join(root, 'test/compare/simulate/shop.ts');
const unsteady = join(root, 'test/compare/simulate/unsteady.ts');
const cwd = folderOf({ 'none.ts': 'export default 3;\n' });

describe('simulate', () => {
  it('says what was covered, and that every promise held', async () => {
    const { code, stdout, stderr } = await raingauge(['simulate', shop, '--seeds', '6'], { cwd });
    expect(stdout).toMatch(/^shop: 6 seeds, every promise held\n/);
    expect(stdout).toMatch(/modes +micro-batch \d, record \d/);
    expect(stdout).toMatch(/survived +\d+ crashes of the driver/);
    expect(stderr).not.toContain('error');
    expect(code).toBe(0);
  });

  it('gives the same as JSON, without a failure', async () => {
    const { code, stdout } = await raingauge(['simulate', shop, '--seeds', '3', '--json', '--quiet'], { cwd });
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'raingauge/simulate@1', job: 'shop', seeds: 3, failure: null });
    expect(code).toBe(0);
  });

  it('prints the shortest plan that breaks a promise, and a command that repeats it', async () => {
    const words = ['simulate', unsteady, '--seeds', '50', '--guarantee', 'exactly-once'];
    const { code, stdout } = await raingauge([...words, '--quiet'], { cwd });
    expect(code).toBe(3);
    expect(stdout).toMatch(/^unsteady: \d+ seeds?, one promise broken\n/);
    expect(stdout).toMatch(/seed \d+ breaks exactly-once in (micro-batch|record) mode:\n {2}exactly-once is broken/);
    const again = /again with +raingauge (.+)/.exec(stdout)![1]!.split(' ');
    const repeated = await raingauge([...again, '--quiet'], { cwd });
    expect(repeated.code).toBe(3);
    expect(repeated.stdout).toMatch(/seed \d+ breaks exactly-once/);
  });

  it('runs without faults, and with faults that are given', async () => {
    const plain = await raingauge(['simulate', shop, '--seeds', '2', '--no-faults', '--quiet'], { cwd });
    expect(plain.stdout).toContain('0 crashes');
    const killed = await raingauge(
      ['simulate', shop, '--seeds', '2', '--fault', 'kill:driver@50%', '--fault', 'crash:2@30', '--quiet'],
      { cwd },
    );
    expect(killed.stdout).toContain('4 crashes');
  });

  it('refuses a fault of something that the job does not have', async () => {
    const { code, stderr } = await raingauge(['simulate', shop, '--seeds', '1', '--fault', 'throw:nothing@1'], { cwd });
    expect(stderr).toContain("the fault plan names 'nothing', which the job does not have");
    expect(code).not.toBe(0);
  });
});
