/** One Apache Kafka broker on this machine (KRaft, one node, loopback only): its folder, its ports and its process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { StreamError } from '../../core/errors.js';
import { freePorts } from './free-port.js';
import { kafkaJars, runTool } from './jars.js';
import { PORT_TAKEN, whyNotStarted } from './why-not-started.js';

/** A broker must be ready within this time: a machine that does much else needs a multiple of the usual 5 s (ms). */
const READY_TIMEOUT_MS = 300_000;
const READY_POLL_MS = 100;
const FORMAT_TIMEOUT_MS = 120_000;
/** A new broker is tried on so many pairs of ports, when others are quicker to take them. */
const PORTS_TRIED_MAX = 5;

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
  /** Of the cluster that a new folder joins. Default: one of its own. */
  readonly cluster?: string;
  readonly tell?: (text: string) => void;
  /** Chooses the ports of a folder that has none: for clients, and for its controller. Default: free ones. */
  readonly ports?: () => Promise<readonly [number, number]>;
}

/** A broker that was started. */
export interface LocalBroker {
  readonly pid: number;
  /** `HOST:PORT`. */
  readonly bootstrap: string;
}

/**
 * Starts a broker in a folder. A folder that had one keeps its ports and its data; a new one gets other ports when its own are taken
 * before the broker listens on them.
 *
 * @throws StreamError `RG050` without Java or Maven; `RG043` when the broker does not come up, with what it said.
 */
export async function startLocalBroker(options: LocalBrokerOptions): Promise<LocalBroker> {
  const { folder, version, tell = () => undefined, ports = freePorts } = options;
  const jars = await kafkaJars(version, tell);
  await mkdir(folder, { recursive: true });
  const known = await readBrokerFolder(folder);
  if (known !== undefined) return startOn(known, jars, options);
  for (let attempt = 1; ; attempt++) {
    const [port, controllerPort] = await ports();
    const place = { version, port, controllerPort };
    try {
      const broker = await startOn(place, jars, options);
      // Ports that a broker never had are not kept.
      await writeFile(join(folder, 'broker.json'), JSON.stringify(place));
      return broker;
    } catch (thrown) {
      if (!isPortTaken(thrown) || attempt === PORTS_TRIED_MAX) throw thrown;
    }
  }
}

async function startOn(
  place: BrokerFolder,
  jars: string,
  { folder, life, settings = {}, cluster = clusterId() }: LocalBrokerOptions,
): Promise<LocalBroker> {
  const properties = join(folder, 'server.properties');
  await writeFile(properties, propertiesOf(folder, place, settings));
  if (!existsSync(join(folder, 'data', 'meta.properties'))) await format(jars, properties, cluster);
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
    // Results have the times of their stream, which may be long ago: retention by age would delete them within minutes.
    'log.retention.ms': -1,
    // It would give itself up after a minute: how long it may take is decided here.
    'initial.broker.registration.timeout.ms': READY_TIMEOUT_MS,
    'auto.create.topics.enable': 'false',
    ...settings,
  };
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

async function format(jars: string, properties: string, cluster: string): Promise<void> {
  const args = ['-cp', [join(jars, '*')].join(delimiter), 'kafka.tools.StorageTool', 'format', '-t', cluster];
  const { code, text } = await runTool('java', [...args, '-c', properties], FORMAT_TIMEOUT_MS);
  if (code !== 0) throw notStarted(text);
}

/** 22 characters, of 16 bytes: never with a dash in front, which Kafka's tools take for an option (its own `Uuid` avoids that too). */
export function clusterId(bytes: Uint8Array = randomBytes(16)): string {
  const id = Buffer.from(bytes);
  // The first character tells the six highest bits: without the highest of all it is one of A to f.
  id[0]! &= 0x7f;
  return id.toString('base64url');
}

interface Started {
  readonly pid: number;
  readonly hasEnded: () => boolean;
}

/**
 * Starts a broker and, beside it, who waits for the end of standard input, which the system closes when this process is gone, and then kills
 * the broker: so none is left behind by a process that was killed itself. Both end with the broker, since its number may soon be another process's.
 */
const OWNED = [
  'exec 4<&0',
  'java "$@" >&3 2>&1 4<&- & P=$!',
  'echo $P',
  '{ read -r _ <&4; kill -9 $P; } 2>/dev/null & W=$!',
  'exec 4<&-',
  'wait $P',
  'kill -9 $W 2>/dev/null',
].join('\n');

/** `owned`: a shell stands between. */
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
    const child = spawn('sh', ['-c', OWNED, 'sh', ...args], {
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

function isPortTaken(thrown: unknown): boolean {
  return thrown instanceof StreamError && PORT_TAKEN.test(thrown.message);
}

function notStarted(text: string): StreamError {
  return new StreamError(
    'RG043',
    `the local Kafka broker did not start: ${whyNotStarted(text)}`,
    'its whole output is in kafka.log of its folder',
  );
}
