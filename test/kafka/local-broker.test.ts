/** The helper that starts a real broker: its command, a kill and a restart, and that none is left behind. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { kafkaProblem } from '../../src/cli/kafka/jars.js';
import { isAlive } from '../../src/cli/kafka/local-broker.js';
import { noKafka, temporaryFolder, useBroker } from './broker.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe.skipIf(noKafka !== undefined)('a local Kafka', { timeout: 300_000 }, () => {
  const broker = useBroker();

  it('keeps its ports and its data when it is killed and started again', async () => {
    const topics = 'org.apache.kafka.tools.TopicCommand';
    await broker.tool(topics, ['--create', '--topic', 'kept', '--partitions', '2']);
    const before = broker.bootstrap;
    await broker.kill();
    await broker.start();
    expect(broker.bootstrap).toBe(before);
    expect((await broker.tool(topics, ['--list'])).split('\n')).toContain('kept');
  });

  it('is up, is there, and is down again, by its commands', async () => {
    const folder = join(await temporaryFolder(), 'broker');
    expect(await raingauge('kafka', 'status', '--dir', folder)).toMatchObject({ code: 1 });
    const up = await raingauge('kafka', 'up', '--dir', folder);
    expect(up).toMatchObject({ code: 0, stdout: expect.stringMatching(/^127\.0\.0\.1:\d+ runs Apache Kafka/) });
    const pid = Number(/process (\d+)/.exec(up.stdout)?.[1]);
    try {
      const again = await raingauge('kafka', 'up', '--dir', folder);
      expect(again.stdout).toMatch(/is running already/);
      expect(await raingauge('kafka', 'topic', 'made', '--partitions', '3', '--dir', folder)).toMatchObject({
        code: 0,
      });
      expect(await raingauge('kafka', 'topic', 'made', '--dir', folder)).toMatchObject({ code: 1 });
      const down = await raingauge('kafka', 'down', '--dir', folder, '--delete');
      expect(down).toMatchObject({ code: 0, stdout: expect.stringMatching(/^stopped 127/) });
      expect(isAlive(pid)).toBe(false);
      expect(existsSync(folder)).toBe(false);
    } finally {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    }
  });

  it('is gone when the process that owns it is killed', async () => {
    const folder = join(await temporaryFolder(), 'owned');
    const script = `const { startLocalBroker } = await import(${JSON.stringify(join(root, 'src/cli/kafka/local-broker.ts'))});
      const { pid } = await startLocalBroker({ folder: ${JSON.stringify(folder)}, version: '4.4.0', life: 'owned' });
      console.log(pid); setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { cwd: root });
    const pid = Number(await new Promise<string>((resolve) => owner.stdout.once('data', (data) => resolve(`${data}`))));
    expect(isAlive(pid)).toBe(true);
    owner.kill('SIGKILL');
    await expect.poll(() => isAlive(pid), { timeout: 30_000 }).toBe(false);
  });
});

describe('without Java', () => {
  it('says what to install, and the way with Docker', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = '/nonexistent';
    try {
      const problem = await kafkaProblem('4.4.0');
      expect(problem).toMatchObject({ code: 'RG050', message: expect.stringContaining('no java on the PATH') });
      expect(problem?.hint).toContain('docker run');
    } finally {
      process.env['PATH'] = path;
    }
  });
});

async function raingauge(...args: string[]): Promise<{ code: number | null; stdout: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'src/cli/main.ts'), ...args], { cwd: root });
  let stdout = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stdout };
}
