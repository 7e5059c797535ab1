/** A real broker for a test file: started before its tests, killed with its process; tests skip, and say why, where there is none. */
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { freePorts } from '../../src/cli/kafka/free-port.js';
import { KAFKA_VERSIONS, kafkaJars } from '../../src/cli/kafka/jars.js';
import {
  isAlive,
  type LocalBroker,
  type LocalBrokerOptions,
  readBrokerFolder,
  spawnKafkaTool,
  startLocalBroker,
} from '../../src/cli/kafka/local-broker.js';

/** The version that tests use: `RAINGAUGE_TEST_KAFKA=3.9.2` takes the other one. */
export const VERSION = process.env['RAINGAUGE_TEST_KAFKA'] ?? KAFKA_VERSIONS[0];

/** A test that takes longer hangs: a machine that does much else needs ten times what a quiet one does (ms). */
export const TEST_MS = 300_000;
/** So does what is waited for inside a test (ms). */
export const WAIT_MS = 120_000;

/** Why there is no Kafka here; undefined when there is one. Printed, so that a skipped test is never silent. */
export const noKafka: string | undefined = await whyNot();
if (noKafka !== undefined) process.stderr.write(`tests with Kafka are skipped: ${noKafka}\n`);

/** The minutes that a broker costs are spent on request: `.ci/run` and `npm run test:kafka` ask for it. */
async function whyNot(): Promise<string | undefined> {
  if (process.env['RAINGAUGE_KAFKA'] !== '1') return 'they run with `npm run test:kafka`, or with RAINGAUGE_KAFKA=1';
  const tell = (text: string): void => void process.stderr.write(`${text}\n`);
  return kafkaJars(VERSION, tell).then(
    () => undefined,
    (error: Error) => error.message,
  );
}

/** The broker of a test file. */
export class TestBroker {
  readonly folder: string;
  protected readonly settings: Readonly<Record<string, string | number>>;
  #broker: LocalBroker | undefined;

  constructor(folder: string, settings: Readonly<Record<string, string | number>>) {
    this.folder = folder;
    this.settings = settings;
  }

  get bootstrap(): string {
    return this.#broker!.bootstrap;
  }

  get pid(): number {
    return this.#broker!.pid;
  }

  /** Also after `kill`: on the same ports, with the same data. */
  async start(): Promise<void> {
    const { folder, settings } = this;
    const options = { folder, version: VERSION, life: 'owned', settings } as const;
    this.#broker = await startLocalBroker({ ...options, ...(await this.options()) });
  }

  /** What a broker of a cluster has beside. */
  protected async options(): Promise<Partial<LocalBrokerOptions>> {
    return {};
  }

  /** As a power cut for the process: SIGKILL, and it is gone when this resolves. */
  async kill(): Promise<void> {
    const { pid } = this;
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  async end(): Promise<void> {
    if (this.#broker !== undefined) await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Starts a console tool of Kafka itself. */
  spawn(main: string, args: readonly string[]): Promise<ChildProcess> {
    return spawnKafkaTool(VERSION, main, ['--bootstrap-server', this.bootstrap, ...args]);
  }

  /** Runs a console tool of Kafka itself, the independent client, with `input` on its standard input. */
  async tool(main: string, args: readonly string[], input = ''): Promise<string> {
    const child = await this.spawn(main, args);
    const out: Buffer[] = [];
    let errors = '';
    child.stdout!.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr!.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.stdin!.end(input);
    const code = await new Promise((resolve) => child.on('close', resolve));
    if (code !== 0) throw new Error(`${main} ended with ${String(code)}: ${errors.slice(0, 2_000)}`);
    return Buffer.concat(out).toString();
  }
}

/** A broker beside the controller and broker that `first` is. It begins after it, and may be killed without it. */
class OtherBroker extends TestBroker {
  readonly #first: TestBroker;

  constructor(folder: string, settings: Readonly<Record<string, string | number>>, first: TestBroker) {
    super(folder, settings);
    this.#first = first;
  }

  protected override async options(): Promise<Partial<LocalBrokerOptions>> {
    const { folder } = this.#first;
    const [meta, of, own] = await Promise.all([
      readFile(join(folder, 'data', 'meta.properties'), 'utf8'),
      readBrokerFolder(folder),
      readBrokerFolder(this.folder),
    ]);
    const ports = own === undefined ? await freePorts() : ([own.port, own.controllerPort] as const);
    const listeners = `PLAINTEXT://127.0.0.1:${ports[0]}`;
    const role = { 'process.roles': 'broker', 'node.id': 2, listeners };
    const voters = { 'controller.quorum.voters': `1@127.0.0.1:${of!.controllerPort}` };
    const cluster = /^cluster\.id=(.*)$/m.exec(meta)![1]!;
    return { cluster, ports: async () => ports, settings: { ...this.settings, ...role, ...voters } };
  }
}

/** Starts a broker before the tests of this file. With `settings` of its own. */
export function useBroker(settings: Readonly<Record<string, string | number>> = {}): TestBroker {
  const broker = new TestBroker(newFolder(), { ...COMMON, ...settings });
  useWhile(broker);
  return broker;
}

/** Starts two brokers of one cluster. The first is its only controller, so only the second may die. */
export function useTwoBrokers(settings: Readonly<Record<string, string | number>>): readonly [TestBroker, TestBroker] {
  const first = new TestBroker(newFolder(), { ...COMMON, ...settings });
  const second = new OtherBroker(newFolder(), { ...COMMON, ...settings }, first);
  useWhile(first, second);
  return [first, second];
}

/** A broker that was killed may register again when its old session has ended. */
const COMMON = { 'broker.session.timeout.ms': 6_000 };

function newFolder(): string {
  return join(tmpdir(), `raingauge-kafka-${process.pid}-${Math.random().toString(36).slice(2)}`);
}

function useWhile(...brokers: readonly TestBroker[]): void {
  beforeAll(async () => {
    if (noKafka === undefined) for (const broker of brokers) await broker.start();
  }, TEST_MS);
  afterAll(async () => {
    for (const broker of brokers.toReversed()) await broker.end();
  }, TEST_MS);
}

/** A folder that goes with the test file. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'raingauge-kafka-test-'));
  folders.push(folder);
  return folder;
}

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))), TEST_MS);
