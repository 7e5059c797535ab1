/** One Apache Kafka broker on this machine (KRaft, one node, loopback only): its folder, its ports and its process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { StreamError } from '../../core/errors.js';
import { kafkaJars, runTool } from './jars.js';

/** A broker must be ready within this time: a machine that does much else needs a multiple of the usual 5 s (ms). */
const READY_TIMEOUT_MS = 120_000;
const READY_POLL_MS = 100;
const FORMAT_TIMEOUT_MS = 60_000;

/** What is written down of a broker's folder. */
export interface BrokerFolder {
  readonly version: string;
  readonly port: number;
  readonly controllerPort: number;
}

export interface LocalBrokerOptions {
  readonly version: string;
  /** Holds its settings, its data and its output. */
  readonly folder: string;
  /** `process`: goes on when this process ends. `owned`: is killed with it, however it ends. */
  readonly life: 'process' | 'owned';
  /** Beside those that a single node needs, by name. */
  readonly settings?: Readonly<Record<string, string | number>>;
  readonly tell?: (text: string) => void;
}

/** A broker that was started. */
export interface LocalBroker {
  readonly pid: number;
  /** `HOST:PORT`. */
  readonly bootstrap: string;
}

/**
 * Starts a broker in a folder. A folder that had one keeps its ports and its data.
 *
 * @throws StreamError `RG050` without Java or Maven; `RG043` when the broker does not come up, with what it said.
 */
export async function startLocalBroker(options: LocalBrokerOptions): Promise<LocalBroker> {
  const { folder, version, life, settings = {}, tell = () => undefined } = options;
  const jars = await kafkaJars(version, tell);
  await mkdir(folder, { recursive: true });
  const known = await readBrokerFolder(folder);
  const place = known ?? { version, port: await freePort(), controllerPort: await freePort() };
  await writeFile(join(folder, 'broker.json'), JSON.stringify(place));
  const properties = join(folder, 'server.properties');
  await writeFile(properties, propertiesOf(folder, place, settings));
  if (!existsSync(join(folder, 'data', 'meta.properties'))) await format(jars, properties);
  const log = join(folder, 'kafka.log');
  const started = await launch(['-Xmx256m', '-cp', join(jars, '*'), 'kafka.Kafka', properties], log, life);
  await untilReady(started, log);
  return { pid: started.pid, bootstrap: `127.0.0.1:${place.port}` };
}

/** What a folder knows of its broker; undefined when it never had one. */
export async function readBrokerFolder(folder: string): Promise<BrokerFolder | undefined> {
  const path = join(folder, 'broker.json');
  return existsSync(path) ? (JSON.parse(await readFile(path, 'utf8')) as BrokerFolder) : undefined;
}

/** Runs one of Kafka's own Java programs, such as `org.apache.kafka.tools.consumer.ConsoleConsumer`. */
export async function spawnKafkaTool(
  version: string,
  main: string,
  args: readonly string[],
  stdio: 'pipe' | 'inherit' = 'pipe',
): Promise<ChildProcess> {
  const jars = await kafkaJars(version, () => undefined);
  const java = ['-Xmx128m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error', '-cp', join(jars, '*'), main, ...args];
  return spawn('java', java, { stdio });
}

function propertiesOf(
  folder: string,
  { port, controllerPort }: BrokerFolder,
  settings: Readonly<Record<string, string | number>>,
): string {
  const all: Readonly<Record<string, string | number>> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(folder, 'data'),
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.num.partitions': 1,
    'group.initial.rebalance.delay.ms': 0,
    'auto.create.topics.enable': 'false',
    ...settings,
  };
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

async function format(jars: string, properties: string): Promise<void> {
  const id = randomBytes(16).toString('base64url');
  const args = ['-cp', [join(jars, '*')].join(delimiter), 'kafka.tools.StorageTool', 'format', '-t', id];
  const { code, text } = await runTool('java', [...args, '-c', properties], FORMAT_TIMEOUT_MS);
  if (code !== 0) throw notStarted(text);
}

interface Started {
  readonly pid: number;
  readonly hasEnded: () => boolean;
}

/**
 * `owned`: a shell stands between. It waits for the end of its standard input, which the system closes when this process is gone,
 * and then kills the broker: so none is left behind by a process that was killed itself.
 */
async function launch(args: readonly string[], log: string, life: LocalBrokerOptions['life']): Promise<Started> {
  const output = openSync(log, 'w');
  try {
    if (life === 'process') {
      const child = spawn('java', args, { stdio: ['ignore', output, output], detached: true });
      let ended = false;
      child.on('exit', () => (ended = true));
      child.on('error', () => (ended = true));
      child.unref();
      return { pid: child.pid ?? 0, hasEnded: () => ended };
    }
    const script = 'java "$@" >&3 2>&1 & P=$!; echo $P; cat >/dev/null; kill -9 $P 2>/dev/null';
    const child = spawn('sh', ['-c', script, 'sh', ...args], {
      stdio: ['pipe', 'pipe', 'ignore', output],
      detached: true,
    });
    const pid = Number(
      await new Promise<string>((resolve) => child.stdout!.once('data', (data) => resolve(`${data}`))),
    );
    // The pipe alone must not keep a finished test process alive.
    child.unref();
    (child.stdin as unknown as { unref(): void }).unref();
    (child.stdout as unknown as { unref(): void }).unref();
    return { pid, hasEnded: () => !isAlive(pid) };
  } finally {
    closeSync(output);
  }
}

async function untilReady({ pid, hasEnded }: Started, log: string): Promise<void> {
  for (let waited = 0; ; waited += READY_POLL_MS) {
    const text = await readFile(log, 'utf8');
    if (text.includes('Kafka Server started')) return;
    if (hasEnded()) throw notStarted(text);
    if (waited >= READY_TIMEOUT_MS) {
      process.kill(pid, 'SIGKILL');
      throw notStarted(`it was not ready after ${READY_TIMEOUT_MS / 1_000} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
  }
}

/** True while that process is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function notStarted(text: string): StreamError {
  const lines = text.split('\n').filter((line) => /exception|error/i.test(line));
  const why = (lines.at(-1) ?? text.trim().split('\n').at(-1) ?? '').trim().slice(0, 300);
  return new StreamError(
    'RG043',
    `the local Kafka broker did not start: ${why}`,
    'its whole output is in kafka.log of its folder',
  );
}
