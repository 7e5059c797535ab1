/** The helper that starts a real broker: its command, a kill and a restart, and that none is left behind. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { freePort, freePorts } from '../../src/cli/kafka/free-port.js';
import { kafkaProblem } from '../../src/cli/kafka/jars.js';
import { isAlive, readBrokerFolder, startLocalBroker } from '../../src/cli/kafka/local-broker.js';
import { openKafkaPort } from '../../src/connectors/kafka/open-port.js';
import { type Outcome, raingauge, root } from '../cli/command.js';
import { noKafka, TEST_MS, temporaryFolder, useBroker, VERSION, WAIT_MS } from './broker.js';

/** A broker that meets it may speak before it is gone; what is not read would keep the connection, and `close` would wait for it. */
const readAll = (socket: Socket): void => void socket.on('error', () => undefined).resume();

describe.skipIf(noKafka !== undefined)('a local Kafka', { timeout: TEST_MS }, () => {
  const broker = useBroker();

  it('keeps its ports and its data when it is killed and started again', async () => {
    const topics = 'org.apache.kafka.tools.TopicCommand';
    await broker.tool(topics, ['--create', '--topic', 'kept', '--partitions', '2']);
    const before = broker.bootstrap;
    const shell = Number(spawnSync('ps', ['-o', 'ppid=', '-p', String(broker.pid)], { encoding: 'utf8' }).stdout);
    expect(isAlive(shell)).toBe(true);
    await broker.kill();
    // It would kill whoever has the broker's number by then.
    await expect.poll(() => isAlive(shell), { timeout: WAIT_MS }).toBe(false);
    await broker.start();
    expect(broker.bootstrap).toBe(before);
    expect((await broker.tool(topics, ['--list'])).split('\n')).toContain('kept');
  });

  it('is up, is there, and is down again, by its commands', async () => {
    const folder = join(await temporaryFolder(), 'broker');
    expect(await kafka('status', '--dir', folder)).toMatchObject({ code: 1 });
    const up = await kafka('up', '--dir', folder);
    expect(up.code, up.stderr).toBe(0);
    expect(up.stdout).toMatch(/^127\.0\.0\.1:\d+ runs Apache Kafka/);
    const pid = Number(/process (\d+)/.exec(up.stdout)?.[1]);
    try {
      const again = await kafka('up', '--dir', folder);
      expect(again.stdout, again.stderr).toMatch(/is running already/);
      const made = await kafka('topic', 'made', '--partitions', '3', '--dir', folder);
      expect(made.code, made.stderr).toBe(0);
      expect(await kafka('topic', 'made', '--dir', folder)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("the topic 'made' is there already"),
      });
      const down = await kafka('down', '--dir', folder, '--delete');
      expect(down.code, down.stderr).toBe(0);
      expect(down.stdout).toMatch(/^stopped 127/);
      expect(isAlive(pid)).toBe(false);
      expect(existsSync(folder)).toBe(false);
    } finally {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    }
  });

  it('takes other ports when its own are taken before it listens, and keeps those that it had', async () => {
    const folder = join(await temporaryFolder(), 'pushed-out');
    const taken = await freePort();
    const server = createServer(readAll);
    await new Promise<void>((resolve) => server.listen(taken, '127.0.0.1', resolve));
    const pairs = [
      [taken, await freePort()],
      [await freePort(), taken],
    ] as const;
    let asked = 0;
    const ports = async () => pairs[asked++] ?? (await freePorts());
    const options = { folder, version: VERSION, life: 'owned', ports } as const;
    const { pid, bootstrap } = await startLocalBroker(options);
    process.kill(pid, 'SIGKILL');
    expect(asked).toBe(3);
    const place = await readBrokerFolder(folder);
    expect(bootstrap).toBe(`127.0.0.1:${place?.port}`);
    expect([place?.port, place?.controllerPort]).not.toContain(taken);
    await new Promise((resolve) => server.close(resolve));

    await expect.poll(() => isAlive(pid), { timeout: WAIT_MS }).toBe(false);
    const other = createServer(readAll);
    await new Promise<void>((resolve) => other.listen(place!.port, '127.0.0.1', resolve));
    await expect(startLocalBroker(options)).rejects.toMatchObject({
      code: 'RG043',
      message: expect.stringContaining(`failed to bind to 127.0.0.1:${place?.port}: Address already in use`),
    });
    expect(await readBrokerFolder(folder)).toEqual(place);
    await new Promise((resolve) => other.close(resolve));
  });

  it('keeps messages of long ago, such as results of old data', async () => {
    const settings = { 'log.retention.check.interval.ms': 100, 'log.initial.task.delay.ms': 0 };
    const folder = join(await temporaryFolder(), 'keeping');
    const { pid, bootstrap } = await startLocalBroker({ folder, version: VERSION, life: 'owned', settings });
    const port = await openKafkaPort({ brokers: [bootstrap], client: 'kafkajs', tls: false, sasl: undefined });
    try {
      for (const topic of ['kept', 'short-lived']) await port.createTopic(topic, 1);
      await keepFor(bootstrap, 'short-lived', 1);
      const producer = await port.producer();
      const old = [{ key: null, value: 'old', timestamp: 0 }];
      await producer.send('kept', old);
      // The broker looks at all topics in turn. The third that it deletes shows that one whole turn is over.
      for (let turn = 1; turn <= 3; turn++) {
        await producer.send('short-lived', old);
        await expect.poll(() => port.offsets('short-lived', 1, 'earliest'), { timeout: WAIT_MS }).toEqual([turn]);
      }
      await producer.close();
      expect(await port.offsets('kept', 1, 'earliest')).toEqual([0]);
    } finally {
      await port.close();
      process.kill(pid, 'SIGKILL');
    }
  });

  it('is gone when the process that owns it is killed', async () => {
    const folder = join(await temporaryFolder(), 'owned');
    const script = `const { startLocalBroker } = await import(${JSON.stringify(join(root, 'src/cli/kafka/local-broker.ts'))});
      const { pid } = await startLocalBroker({ folder: ${JSON.stringify(folder)}, version: '${VERSION}', life: 'owned' });
      console.log(pid); setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { cwd: root });
    let stderr = '';
    owner.stderr.on('data', (chunk) => (stderr += chunk));
    const pid = Number(
      await new Promise<string>((resolve, reject) => {
        owner.stdout.once('data', (data) => resolve(`${data}`));
        owner.once('close', (code) => reject(new Error(`it ended with ${code}:\n${stderr}`)));
      }),
    );
    expect(isAlive(pid)).toBe(true);
    owner.kill('SIGKILL');
    await expect.poll(() => isAlive(pid), { timeout: WAIT_MS }).toBe(false);
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

/** Lets a topic delete its messages after that age (ms). */
async function keepFor(bootstrap: string, topic: string, ageMs: number): Promise<void> {
  const admin = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const configEntries = [{ name: 'retention.ms', value: String(ageMs) }];
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
  });
  await admin.disconnect();
}

/** Runs `raingauge kafka …` to its end. */
function kafka(...words: string[]): Promise<Outcome> {
  return raingauge(['kafka', ...words]);
}
