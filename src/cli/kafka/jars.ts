/** The jars of Apache Kafka in the user's cache: fetched by Maven once for each version, whole or not at all. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { StreamError } from '../../core/errors.js';

/** The versions of Kafka that raingauge was tried with; the first is the default. */
export const KAFKA_VERSIONS = ['4.4.0', '3.9.2'] as const;

/** The same without Java and Maven. */
const DOCKER_LINE = 'docker run --rm -p 9092:9092 apache/kafka:4.1.0';

/** Maven is given so long to download about 45 MB (ms). */
const FETCH_TIMEOUT_MS = 600_000;
/** A tool that does not tell its version within this time counts as missing (ms). */
const VERSION_TIMEOUT_MS = 30_000;
/** The lowest Java that both versions run on. */
const JAVA_MIN = 17;

/** Where raingauge keeps what it fetched: `$XDG_CACHE_HOME/raingauge`, or `~/.cache/raingauge`. */
export function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'];
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'raingauge');
}

/** Why no local Kafka can be started here, or undefined when one can. @param version of Kafka. */
export async function kafkaProblem(version: string): Promise<StreamError | undefined> {
  const java = await output('java', ['-version']);
  if (java === undefined) return missing('java', 'there is no java on the PATH');
  const major = Number(/version "(\d+)/.exec(java)?.[1]);
  if (!(major >= JAVA_MIN))
    return missing('java', `Kafka ${version} needs Java ${JAVA_MIN} or newer, and this is Java ${major}`);
  if (existsSync(jarsFolder(version)) || (await output('mvn', ['-v'])) !== undefined) return undefined;
  return missing('mvn', `there is no mvn on the PATH to fetch Kafka ${version} with`);
}

/**
 * The folder with the jars of that version; the first call fetches them.
 *
 * @throws StreamError `RG050` without Java or Maven, or when Maven fails.
 */
export async function kafkaJars(version: string, onFetch: (text: string) => void): Promise<string> {
  const problem = await kafkaProblem(version);
  if (problem !== undefined) throw problem;
  const folder = jarsFolder(version);
  if (existsSync(folder)) return folder;
  onFetch(`fetching Apache Kafka ${version} (about 45 MB) with Maven`);
  await mkdir(cacheFolder(), { recursive: true });
  const work = await mkdtemp(join(cacheFolder(), 'fetch-'));
  try {
    await writeFile(join(work, 'pom.xml'), pomOf(version));
    await fetchInto(work, version);
    // Another process may have been quicker: its jars are as good.
    await mkdir(join(folder, '..'), { recursive: true });
    await rename(join(work, 'jars'), folder).catch((cause: unknown) => {
      if (!existsSync(folder)) throw cause;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return folder;
}

function jarsFolder(version: string): string {
  return join(cacheFolder(), 'kafka', `jars-${version}`);
}

/** Kafka 3 brings a logger that would keep its words to itself: readiness is seen in the log. */
const OTHER_LOG =
  '<exclusions><exclusion><groupId>org.slf4j</groupId><artifactId>slf4j-reload4j</artifactId></exclusion></exclusions>';

function pomOf(version: string): string {
  const dependencies = [
    ['org.apache.kafka', 'kafka_2.13', version],
    ['org.apache.kafka', 'kafka-tools', version],
    ['org.slf4j', 'slf4j-simple', '1.7.36'],
  ].map(
    ([group, artifact, of]) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${of}</version>${OTHER_LOG}</dependency>`,
  );
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>raingauge</groupId><artifactId>local-kafka</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${dependencies.join('\n')}</dependencies></project>\n`;
}

async function fetchInto(work: string, version: string): Promise<void> {
  const args = ['-q', '-B', '-f', join(work, 'pom.xml'), 'dependency:copy-dependencies'];
  const { code, text } = await runTool('mvn', [...args, `-DoutputDirectory=${join(work, 'jars')}`], FETCH_TIMEOUT_MS);
  const jars = existsSync(join(work, 'jars')) ? await readdir(join(work, 'jars')) : [];
  if (code === 0 && jars.some((name) => name.startsWith('kafka_'))) return;
  const line = text.split('\n').find((one) => one.includes('ERROR')) ?? text.split('\n')[0] ?? '';
  throw new StreamError(
    'RG050',
    `Maven could not fetch Apache Kafka ${version}: ${line.trim().slice(0, 300) || `it ended with ${String(code)}`}`,
    `check the network and the version (${KAFKA_VERSIONS.join(', ')}), or use Docker: ${DOCKER_LINE}`,
  );
}

/** What the tool prints, or undefined when it is missing or fails. */
async function output(tool: string, args: readonly string[]): Promise<string | undefined> {
  const { code, text } = await runTool(tool, args, VERSION_TIMEOUT_MS);
  return code === 0 ? text : undefined;
}

/** Runs a tool to its end. `code` is undefined when it could not be started, or took too long. Never rejects. */
export function runTool(
  tool: string,
  args: readonly string[],
  timeout: number,
): Promise<{ readonly code: number | undefined; readonly text: string }> {
  return new Promise((resolve) => {
    const child = spawn(tool, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout, killSignal: 'SIGKILL' });
    let text = '';
    const add = (chunk: Buffer): void => {
      if (text.length < OUTPUT_MAX) text += chunk.toString();
    };
    child.stdout.on('data', add);
    child.stderr.on('data', add);
    child.on('error', () => resolve({ code: undefined, text }));
    child.on('close', (code) => resolve({ code: code ?? undefined, text }));
  });
}

/** Characters of a tool's output that are kept. */
const OUTPUT_MAX = 1_000_000;

function missing(tool: string, why: string): StreamError {
  const packages = tool === 'java' ? 'a JDK (apt-get install default-jdk-headless)' : 'Maven (apt-get install maven)';
  return new StreamError(
    'RG050',
    `a local Kafka cannot be started: ${why}`,
    `install ${packages}, or use Docker: ${DOCKER_LINE}`,
  );
}
