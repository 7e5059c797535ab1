/** The commands, with their flags and help. What a command does is loaded when it is called, so that help is quick. */
import { Command, type Help, type Option } from 'commander';
import { EXIT } from '../core/errors.js';
import { version } from '../host/installation.js';
import {
  ackOnFlag,
  addCheckpointFlags,
  addFaultFlags,
  addJobFlags,
  addModeFlags,
  addOutputFlags,
  addRunFlags,
  flag,
  listOf,
  stateFlag,
} from './flags.js';
import { countOf, epochOf, oneOf, seedOf } from './values.js';

const JOB = 'a .ts or .js file whose default export is a topology; FILE#NAME takes the export NAME';

/** Builds the program. `ended` is told the exit code of the command that ran. */
export function buildProgram(ended: (exitCode: number) => void): Command {
  const program = new Command('raingauge')
    .description(
      'Same rain, two gauges: runs one streaming job as micro-batches and record at a time, proves that both gave the same answer, and measures what each cost.',
    )
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .addHelpText('after', MAIN_HELP);
  // A command inherits how errors and help are printed, so this comes before all of them.
  program.exitOverride().configureOutput({ writeErr: () => {}, outputError: () => {} });
  program.configureHelp({ helpWidth: 100, optionDescription: describeOption });
  for (const add of [addCompare, addRun, addSimulate, addGraph, addExplain, addState, addInit, addDoctor, addKafka])
    add(program, ended);
  return program;
}

function addCompare(program: Command, ended: (exitCode: number) => void): void {
  const command = program
    .command('compare')
    .summary('run a job in both modes and compare answers and costs')
    .argument('<job>', JOB);
  command.description(
    'Runs a job as micro-batches and record at a time on the same input at the same rate, judges both answers by an independent oracle, and prints the verdict first, then what each mode cost. Sinks are captured, not written.',
  );
  addOutputFlags(
    addFaultFlags(
      addRunFlags(addJobFlags(command))
        .addOption(flag('--real-sinks', "write to the job's sinks as well"))
        .addOption(stateFlag())
        .addOption(flag('--crash', 'kill a worker process at the end, and tell what that cost each mode')),
    ),
  );
  command.addHelpText('after', COMPARE_HELP);
  command.action(async (job, flags) => ended(await (await import('./compare.js')).compareCommand(job, flags)));
}

function addRun(program: Command, ended: (exitCode: number) => void): void {
  const command = program.command('run').summary('run a job in one mode').argument('<job>', JOB);
  command.description(
    'Runs a job in one mode until its sources end or Ctrl-C. What its sinks print goes to stdout, a summary to stderr.',
  );
  addOutputFlags(addFaultFlags(addCheckpointFlags(addModeFlags(addRunFlags(addJobFlags(command))))));
  command.addHelpText('after', RUN_HELP);
  command.action(async (job, flags) => ended(await (await import('./run.js')).runCommand(job, flags)));
}

function addSimulate(program: Command, ended: (exitCode: number) => void): void {
  const command = program
    .command('simulate')
    .summary('put a job under every kind of fault, in virtual time')
    .argument('<job>', JOB);
  command.description(
    'Runs a job again and again in a simulated world, both modes and all guarantees, with crashes, lost messages, failing disks and throwing functions drawn from a seed. The oracle judges each end. A seed that breaks a promise is shortened and printed with the command that repeats it.',
  );
  addJobFlags(command)
    .optionsGroup('Simulation:')
    .addOption(flag('--seeds <n>', 'how many seeds (default: 100)', countOf('--seeds')))
    .addOption(flag('--seed <n>', 'the first seed (default: 1)', seedOf('--seed')))
    .addOption(flag('--mode <mode>', 'only this mode', oneOf('--mode', ['micro-batch', 'record'] as const)))
    .addOption(flag('--records <n>', 'records of each source, up to 200', countOf('--records', 200)))
    .addOption(flag('--workers <n>', 'so many simulated workers; 0: none', seedOf('--workers')))
    .addOption(ackOnFlag())
    .addOption(stateFlag())
    .addOption(
      flag('--fault <fault>', 'this fault in place of drawn ones (repeatable; raingauge explain RG063)', listOf),
    )
    .addOption(flag('--fault-file <file>', 'read faults from a file, one a line'))
    .addOption(flag('--no-faults', 'no faults at all'));
  addOutputFlags(command);
  command.addHelpText(
    'after',
    `\nExamples:\n  raingauge simulate comparisons/word-count.ts --seeds 500\n  raingauge simulate job.ts --mode record --fault kill:driver@50%\n\nExit codes: ${EXIT.ok} every promise held, ${EXIT.verdict} one was broken, ${EXIT.usage} usage.`,
  );
  command.action(async (job, flags) => ended(await (await import('./simulate.js')).simulateCommand(job, flags)));
}

function addGraph(program: Command, ended: (exitCode: number) => void): void {
  const command = program.command('graph').summary('draw the graph of a job').argument('<job>', JOB);
  addJobFlags(command.description('Draws what the job says, before it is planned for a mode.')).optionsGroup(
    'Messages:',
  );
  command.addOption(
    flag(
      '--format <format>',
      'text, mermaid, dot or json',
      oneOf('--format', ['text', 'mermaid', 'dot', 'json'] as const),
    ).default('text'),
  );
  command.addHelpText(
    'after',
    '\nExamples:\n  raingauge graph job.ts\n  raingauge graph job.ts --format dot | dot -Tsvg > job.svg',
  );
  command.action(async (job, flags) => ended(await (await import('./graph.js')).graphCommand(job, flags)));
}

function addExplain(program: Command, ended: (exitCode: number) => void): void {
  const command = program
    .command('explain')
    .summary('explain the two plans of a job, a topic or an error code')
    .argument('[what]', 'a job file, a topic such as acker, or a code such as RG012; nothing lists the topics');
  addJobFlags(
    command.description(
      'Shows how each mode will run a job, side by side, and which guarantee holds and why. For a topic or an error code it prints a lesson of about 20 lines.',
    ),
  );
  command.optionsGroup('Messages:').addOption(flag('--json', 'print the plan as JSON'));
  command.addHelpText(
    'after',
    '\nExamples:\n  raingauge explain comparisons/word-count.ts\n  raingauge explain acker\n  raingauge explain RG012',
  );
  command.action(async (what, flags) => ended(await (await import('./explain.js')).explainCommand(what, flags)));
}

function addState(program: Command, ended: (exitCode: number) => void): void {
  const command = program.command('state').summary('look into a checkpoint folder');
  command.description(
    "Shows what a job keeps in its checkpoint folder, without the job's code, and also while the job runs.",
  );
  const json = (): Option => flag('--json', 'print one JSON document on stdout');
  const folder = ['<dir>', 'the folder that --checkpoint was given'] as const;
  command
    .command('ls')
    .summary('list the checkpoints')
    .description('Lists the checkpoints, oldest first. Exits with 5 when one of them is damaged.')
    .argument(...folder)
    .addOption(json())
    .action(async (dir, flags) => ended(await (await import('./state.js')).stateListCommand(dir, flags)));
  command
    .command('show')
    .summary('show one checkpoint, or the state of an operator')
    .description('Shows the newest checkpoint: operators, source positions, counters; or the state of one operator.')
    .argument(...folder)
    .argument('[uid]', 'an operator with state')
    .addOption(flag('--key <key>', 'only this key: text, or JSON such as 7 or ["a",1]'))
    .addOption(flag('--epoch <n>', 'this checkpoint and not the newest', epochOf('--epoch')))
    .addOption(json())
    .action(async (dir, uid, flags) => ended(await (await import('./state.js')).stateShowCommand(dir, uid, flags)));
  command
    .command('diff')
    .summary('what became of the state between two checkpoints')
    .description('Compares two checkpoints: cells that were added, removed or changed.')
    .argument(...folder)
    .argument('<a>', 'epoch of the earlier one', epochOf('<a>'))
    .argument('<b>', 'epoch of the later one', epochOf('<b>'))
    .addOption(json())
    .action(async (dir, a, b, flags) => ended(await (await import('./state.js')).stateDiffCommand(dir, a, b, flags)));
  command.addHelpText(
    'after',
    '\nExamples:\n  raingauge state ls checkpoints\n  raingauge state show checkpoints counts --key word\n  raingauge state diff checkpoints 7 9 --json',
  );
}

function addInit(program: Command, ended: (exitCode: number) => void): void {
  const command = program
    .command('init')
    .summary('make a small project with a job and a test')
    .argument('<dir>', 'a folder that is new or empty');
  command.description(
    'Makes a project: package.json, a job, an input, a test and a README. Then: npm install && npm start && npm test.',
  );
  command.action(async (folder) => ended(await (await import('./init.js')).initCommand(folder)));
}

function addDoctor(program: Command, ended: (exitCode: number) => void): void {
  const command = program.command('doctor').summary('check this machine: Node, cores, timers, optional tools');
  command.description('Checks what measurements depend on, in about two seconds. Exits with 5 when Node is too old.');
  command.addOption(flag('--json', 'print one JSON document on stdout'));
  command.action(async (flags) => ended(await (await import('./doctor.js')).doctorCommand(flags)));
}

function addKafka(program: Command, ended: (exitCode: number) => void): void {
  const command = program.command('kafka').summary('start and stop a Kafka broker on this machine');
  command.description(
    'Runs one node of Apache Kafka on loopback, without Docker: Maven fetches it once into your cache, Java runs it. Its ports and data stay until they are deleted.',
  );
  const dir = (): Option => flag('--dir <dir>', "the broker's folder (default: in your cache)");
  command
    .command('up')
    .summary('start it, and print its address')
    .addOption(dir())
    .addOption(flag('--kafka-version <version>', 'version of Apache Kafka (default: 4.4.0)'))
    .action(async (flags) => ended(await (await import('./kafka/command.js')).kafkaUpCommand(flags)));
  command
    .command('down')
    .summary('stop it')
    .addOption(dir())
    .addOption(flag('--delete', 'delete its data too'))
    .action(async (flags) => ended(await (await import('./kafka/command.js')).kafkaDownCommand(flags)));
  command
    .command('topic')
    .summary('make a topic')
    .argument('<name>', 'the topic')
    .addOption(flag('--partitions <n>', 'its partitions (default: 1)', countOf('--partitions', 1_000)))
    .addOption(flag('--brokers <list>', 'HOST:PORT of a cluster (default: the broker of kafka up)'))
    .addOption(dir())
    .action(async (name, flags) => ended(await (await import('./kafka/command.js')).kafkaTopicCommand(name, flags)));
  command
    .command('status')
    .summary('say whether it runs, and where')
    .addOption(dir())
    .action(async (flags) => ended(await (await import('./kafka/command.js')).kafkaStatusCommand(flags)));
  command.addHelpText(
    'after',
    '\nExamples:\n  raingauge kafka up\n  raingauge kafka down --delete\n\nWithout Java and Maven: docker run --rm -p 9092:9092 apache/kafka:4.1.0',
  );
}

function describeOption(this: Help, option: Option): string {
  const shown = option.defaultValue !== undefined && !option.negate && option.defaultValue !== true;
  return shown ? `${option.description} (default: ${String(option.defaultValue)})` : option.description;
}

const EXIT_CODES = `
Exit codes:
  ${EXIT.ok} ok   ${EXIT.job} the job failed   ${EXIT.usage} usage   ${EXIT.verdict} the modes disagree   ${EXIT.threshold} a threshold   ${EXIT.environment} environment   ${EXIT.interrupted} interrupted`;

const VARIABLES = '\nEach flag can also be set in the environment: --batch-interval is RAINGAUGE_BATCH_INTERVAL.';

const MAIN_HELP = `
Examples:
  raingauge init demo
  raingauge compare comparisons/word-count.ts
  raingauge run job.ts --mode record --source lines=tcp://localhost:9999
  raingauge explain acker
${EXIT_CODES}
${VARIABLES}`;

const COMPARE_HELP = `
Examples:
  raingauge compare comparisons/word-count.ts
  raingauge compare job.ts --rate 5k --for 20s --batch-interval 1s
  raingauge compare job.ts --json > result.json

Exit codes: ${EXIT.ok} same answer, ${EXIT.verdict} the modes or the oracle disagree, ${EXIT.job} the job failed or the measurement is INVALID.
${VARIABLES}`;

const RUN_HELP = `
Examples:
  raingauge run job.ts --mode micro-batch
  raingauge run job.ts --mode record --source lines=tcp://localhost:9999
  cat book.txt | raingauge run job.ts --mode record --source lines=stdin: | head

With --json, stdout is one JSON document; sinks that would print there are left out unless --sink names them.
An input that ends without any record is an error (RG045, exit ${EXIT.job}), since nothing was run.
kill -USR2 PID deactivates the job: nothing more is read, and spouts are not asked, until the next one activates it.
${EXIT_CODES}
${VARIABLES}`;
