/** `raingauge kafka up|down|status`: a real Kafka on this machine for people without Docker. */
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { kafkaError, openKafkaPort } from '../../connectors/kafka/open-port.js';
import { EXIT, StreamError } from '../../core/errors.js';
import { printOut } from '../stdout.js';
import { cacheFolder, KAFKA_VERSIONS, runTool } from './jars.js';
import { isAlive, readBrokerFolder, startLocalBroker } from './local-broker.js';

/** Flags of the three commands. */
export interface KafkaFlags {
  /** The broker's folder. Default: in the user's cache. */
  readonly dir?: string;
  readonly kafkaVersion?: string;
  /** Of `down`: its data goes too. */
  readonly delete?: boolean;
}

/** Flags of `topic`. */
export interface TopicFlags extends KafkaFlags {
  readonly partitions?: number;
  readonly brokers?: string;
}

/** A broker that is asked to stop gets so long before it is killed (ms). */
const STOP_TIMEOUT_MS = 15_000;
const STOP_POLL_MS = 100;

/** Starts the broker, or finds it running, and prints its address. */
export async function kafkaUpCommand(flags: KafkaFlags): Promise<number> {
  const folder = folderOf(flags);
  const running = await runningIn(folder);
  if (running !== undefined) {
    printOut(addressText(running.bootstrap, 'is running already'));
    return EXIT.ok;
  }
  const version = flags.kafkaVersion ?? (await readBrokerFolder(folder))?.version ?? KAFKA_VERSIONS[0];
  const tell = (text: string): boolean => process.stderr.write(`${text}\n`);
  const { pid, bootstrap } = await startLocalBroker({ folder, version, life: 'process', tell });
  await writeFile(join(folder, 'pid'), String(pid));
  printOut(addressText(bootstrap, `runs Apache Kafka ${version} (process ${pid})`));
  return EXIT.ok;
}

/** Stops the broker that `up` started; its data stays unless `--delete` is given. */
export async function kafkaDownCommand(flags: KafkaFlags): Promise<number> {
  const folder = folderOf(flags);
  const running = await runningIn(folder);
  if (running !== undefined) await stop(running.pid);
  await rm(join(folder, 'pid'), { force: true });
  if (flags.delete === true) await rm(folder, { recursive: true, force: true });
  printOut(
    `${running === undefined ? 'no broker runs there' : `stopped ${running.bootstrap}`}${flags.delete === true ? '; its data is deleted' : ''}\n`,
  );
  return EXIT.ok;
}

/** Says whether the broker runs, and where. Exits with 1 when it does not. */
export async function kafkaStatusCommand(flags: KafkaFlags): Promise<number> {
  const folder = folderOf(flags);
  const running = await runningIn(folder);
  if (running !== undefined) {
    printOut(`${running.bootstrap} runs Apache Kafka ${running.version} (process ${running.pid}, folder ${folder})\n`);
    return EXIT.ok;
  }
  printOut(`no broker runs in ${folder}; start one: raingauge kafka up\n`);
  return EXIT.job;
}

/** Makes a topic on the broker of `up`, or on others. @throws StreamError `RG080` when it is there already. */
export async function kafkaTopicCommand(topic: string, flags: TopicFlags): Promise<number> {
  const running = flags.brokers === undefined ? await runningIn(folderOf(flags)) : undefined;
  const brokers = flags.brokers?.split(',') ?? (running === undefined ? undefined : [running.bootstrap]);
  if (brokers === undefined)
    throw new StreamError(
      'RG043',
      'no local broker runs',
      'start one: raingauge kafka up; or name one: --brokers HOST:PORT',
    );
  const port = await openKafkaPort({ brokers, client: 'kafkajs', tls: false, sasl: undefined });
  const { partitions = 1 } = flags;
  try {
    const there = await port.leaders(topic);
    if (there !== undefined)
      throw new StreamError(
        'RG080',
        `the topic '${topic}' is there already, with ${there.length} partitions`,
        'use it, or take another name',
      );
    await port.createTopic(topic, partitions);
  } catch (thrown) {
    throw kafkaError(brokers, thrown);
  } finally {
    await port.close();
  }
  printOut(`made the topic ${topic} with ${partitions} partition${partitions === 1 ? '' : 's'}\n`);
  return EXIT.ok;
}

function folderOf({ dir }: KafkaFlags): string {
  return dir === undefined ? join(cacheFolder(), 'kafka', 'broker') : resolve(dir);
}

interface RunningBroker {
  readonly pid: number;
  readonly bootstrap: string;
  readonly version: string;
}

async function runningIn(folder: string): Promise<RunningBroker | undefined> {
  const known = await readBrokerFolder(folder);
  const path = join(folder, 'pid');
  if (known === undefined || !existsSync(path)) return undefined;
  const pid = Number(await readFile(path, 'utf8'));
  if (!(pid > 0) || !isAlive(pid) || !(await isBrokerOf(pid, folder))) return undefined;
  return { pid, bootstrap: `127.0.0.1:${known.port}`, version: known.version };
}

/** A process id is given again after a while: only one whose command names the folder's settings is the broker. */
async function isBrokerOf(pid: number, folder: string): Promise<boolean> {
  const { text } = await runTool('ps', ['-ww', '-o', 'command=', '-p', String(pid)], STOP_TIMEOUT_MS);
  return text.includes(join(folder, 'server.properties'));
}

async function stop(pid: number): Promise<void> {
  process.kill(pid, 'SIGTERM');
  for (let waited = 0; isAlive(pid) && waited < STOP_TIMEOUT_MS; waited += STOP_POLL_MS)
    await new Promise((wake) => setTimeout(wake, STOP_POLL_MS));
  if (!isAlive(pid)) return;
  process.kill(pid, 'SIGKILL');
  await new Promise((wake) => setTimeout(wake, STOP_POLL_MS));
  if (isAlive(pid))
    throw new StreamError('RG043', `the broker (process ${pid}) does not end`, `end it: kill -9 ${pid}`);
}

function addressText(bootstrap: string, what: string): string {
  return `${bootstrap} ${what}

read and write it:
  raingauge run job.ts --mode record --source lines=kafka://${bootstrap}/lines --sink counts=kafka://${bootstrap}/counts
stop it:
  raingauge kafka down
`;
}
