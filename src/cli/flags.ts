/** Every flag of the command line, once: its name, its help, how its value is read, and its environment variable. */
import { type Command, Option } from 'commander';
import type { Duration } from '../core/time.js';
import type { RecordOptions } from '../executors/executor.js';
import type { StateKind } from '../host/open-state.js';
import type { Mode } from '../runtime/events.js';
import type { LogLevel } from '../runtime/log.js';
import type { Isolation } from '../runtime/world.js';
import { GUARANTEES, type Guarantee } from '../topology/specs.js';
import { countOf, durationOf, endsOf, oneOf, rateOf, seedOf } from './values.js';

/** Flags that change what a job is: `graph` and `explain` take them too. */
export interface JobFlags {
  readonly source?: Readonly<Record<string, string>>;
  readonly sink?: Readonly<Record<string, string>>;
  readonly batchInterval?: Duration;
  readonly guarantee?: Guarantee;
  readonly parallelism?: number;
  readonly acking: boolean;
  readonly chaining: boolean;
}

/** Flags of everything that prints. */
export interface OutputFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly logLevel: LogLevel;
}

/** Flags of `run` and `compare`. */
export interface RunFlags extends JobFlags, OutputFlags, RecoveryFlags {
  readonly rate?: number;
  readonly records?: number;
  readonly for?: Duration;
  readonly seed?: number;
  readonly messageTimeout?: Duration;
  readonly maxSpoutPending?: number;
  readonly ackOn?: NonNullable<RecordOptions['ackOn']>;
  readonly blockInterval?: Duration;
  readonly concurrentJobs?: number;
  readonly speculation?: boolean;
  readonly backpressure?: boolean;
  readonly maxRatePerPartition?: number;
}

/** As `runtime/log` has them, which would load pino for a help text. */
const LOG_LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** As `plan/compile` has it, which is too much to load for a help text. */
const PARALLELISM_MAX = 128;

const MODES: readonly Mode[] = ['micro-batch', 'record'];

/** Adds the flags that change a job. */
export function addJobFlags(command: Command): Command {
  return command
    .optionsGroup('Input and output:')
    .addOption(
      flag(
        '--source <name=uri>',
        'read source NAME from file:, tcp:, http:, kafka:, stdin:, generate: or none: (repeatable)',
        endsOf('--source'),
      ),
    )
    .addOption(
      flag(
        '--sink <name=uri>',
        'write sink NAME to file:, http:, kafka:, stdout:, reply: or none: (repeatable)',
        endsOf('--sink'),
      ),
    )
    .optionsGroup('Job:')
    .addOption(
      flag(
        '--batch-interval <duration>',
        "length of a batch, and of each interval, in place of the job's: 500ms, 2s",
        durationOf('--batch-interval'),
      ),
    )
    .addOption(
      flag('--guarantee <guarantee>', `what to demand: ${GUARANTEES.join(', ')}`, oneOf('--guarantee', GUARANTEES)),
    )
    .addOption(
      flag('--parallelism <n>', 'tasks of each keyed stage (default: 1)', countOf('--parallelism', PARALLELISM_MAX)),
    )
    .addOption(flag('--no-acking', 'record mode: track no tuples, so at-most-once'))
    .addOption(flag('--chaining', 'join operators between single tasks to one chain (default)'))
    .addOption(flag('--no-chaining', 'keep an exchange between all stages'));
}

/** Adds the flags of one run. */
export function addRunFlags(command: Command): Command {
  return command
    .addOption(flag('--rate <rate>', 'records a second of each source: 2000, 5k, 5k/s', rateOf('--rate')))
    .addOption(flag('--records <n>', 'end each source after so many records: 500, 10k', countOf('--records')))
    .addOption(flag('--for <duration>', 'stop gracefully after so long: 30s, 5m', durationOf('--for')))
    .addOption(flag('--seed <n>', 'seeds generators, ids and shuffle groupings (default: 1)', seedOf('--seed')));
}

/** Adds the flag that chooses the mode of `run`, and those that tune a mode. */
export function addModeFlags(command: Command): Command {
  return command
    .addOption(flag('--mode <mode>', `how to run it: ${MODES.join(' or ')}`, oneOf('--mode', MODES)))
    .addOption(
      flag(
        '--message-timeout <duration>',
        'record mode: a tuple tree fails after this long (default: 30s)',
        durationOf('--message-timeout'),
      ),
    )
    .addOption(
      flag(
        '--max-spout-pending <n>',
        'most unprocessed tuples of a spout task, and in record mode of a source task',
        countOf('--max-spout-pending'),
      ),
    )
    .addOption(ackOnFlag())
    .addOption(
      flag(
        '--block-interval <duration>',
        'micro-batch: how often a receiver cuts a block (default: 200ms)',
        durationOf('--block-interval'),
      ),
    )
    .addOption(
      flag(
        '--concurrent-jobs <n>',
        'micro-batch on workers: batches whose jobs run at once (default: 1)',
        countOf('--concurrent-jobs', 64),
      ),
    )
    .addOption(flag('--speculation', 'micro-batch on workers: a slow task without state gets a twin'))
    .addOption(flag('--backpressure', 'micro-batch: sources give less when batches take longer than the interval'))
    .addOption(
      flag(
        '--max-rate-per-partition <rate>',
        'micro-batch: the most records a second of each source partition',
        rateOf('--max-rate-per-partition'),
      ),
    );
}

/** `run` and `simulate` have it. */
export function ackOnFlag(): Option {
  return flag(
    '--ack-on <signal>',
    `record mode: when a record is done: ${ACK_ON.join(', ')} (raingauge explain RG019)`,
    oneOf('--ack-on', ACK_ON),
  );
}

const ACK_ON: readonly NonNullable<RecordOptions['ackOn']>[] = ['checkpoint', 'update', 'expiry'];

/** `run`, `compare` and `simulate` have it. */
export function stateFlag(): Option {
  return flag(
    '--state <kind>',
    `where state is: ${STATE_KINDS.join(' or ')}, for state beyond the heap (default: memory)`,
    oneOf('--state', STATE_KINDS),
  );
}

/** Flags of what survives, where tasks run, and what is broken on purpose. */
export interface RecoveryFlags {
  readonly checkpoint?: string;
  readonly checkpointInterval?: Duration;
  readonly fromScratch?: boolean;
  readonly allowNonRestored?: boolean;
  readonly state?: StateKind;
  readonly workers?: number;
  readonly isolation?: Isolation;
  readonly fault?: readonly string[];
  readonly faultFile?: string;
}

/** As `host/open-state` has them, which would load stores for a help text. */
const STATE_KINDS: readonly StateKind[] = ['memory', 'lmdb'];
const ISOLATIONS: readonly Isolation[] = ['thread', 'process'];
/** As many as a machine has cores, and some more. */
const WORKERS_MAX = 64;

/** Adds the flags of workers and faults. */
export function addFaultFlags(command: Command): Command {
  return command
    .optionsGroup('Workers and faults:')
    .addOption(
      flag(
        '--workers <n>',
        'run tasks on so many workers (default: in this thread)',
        countOf('--workers', WORKERS_MAX),
      ),
    )
    .addOption(
      flag(
        '--isolation <kind>',
        `what a worker is: ${ISOLATIONS.join(' or ')} (default: thread)`,
        oneOf('--isolation', ISOLATIONS),
      ),
    )
    .addOption(
      flag('--fault <fault>', 'break something: kill:counts@50% (repeatable; raingauge explain RG063)', listOf),
    )
    .addOption(flag('--fault-file <file>', 'read faults from a file, one a line'));
}

/** Adds the flags of a checkpoint folder. */
export function addCheckpointFlags(command: Command): Command {
  return command
    .optionsGroup('Recovery:')
    .addOption(flag('--checkpoint <dir>', 'keep progress in DIR: the same command goes on after a crash'))
    .addOption(
      flag(
        '--checkpoint-interval <duration>',
        'between two checkpoints (default: 1s)',
        durationOf('--checkpoint-interval'),
      ),
    )
    .addOption(stateFlag())
    .addOption(flag('--from-scratch', 'begin anew; what is in DIR is moved aside'))
    .addOption(flag('--allow-non-restored', 'leave out the state of operators that are gone'));
}

/** Gathers a flag that is given several times. */
export function listOf(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** Adds the flags of what is printed. */
export function addOutputFlags(command: Command): Command {
  return command
    .optionsGroup('Messages:')
    .addOption(flag('--json', 'print one JSON document on stdout'))
    .addOption(flag('--quiet', 'no progress and no summary on stderr'))
    .addOption(
      flag(
        '--log-level <level>',
        `log as JSON on stderr from this level on: ${LOG_LEVELS.join(', ')}`,
        oneOf('--log-level', LOG_LEVELS),
      ).default('silent'),
    );
}

/** One flag, with its environment variable: `--batch-interval` is also `RAINGAUGE_BATCH_INTERVAL`. */
export function flag<T>(flags: string, description: string, read?: (text: string, before: T | undefined) => T): Option {
  const option = new Option(flags, description);
  option.env(variableOf(option.long!));
  if (read !== undefined) option.argParser(read as (text: string, before: T) => T);
  return option;
}

/** The environment variable of a flag. */
export function variableOf(long: string): string {
  return `RAINGAUGE_${long.slice(2).replaceAll('-', '_').toUpperCase()}`;
}
