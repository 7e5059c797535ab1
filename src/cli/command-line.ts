/** Turns what commander says about the command line into errors of our shape. */
import type { Command, CommanderError } from 'commander';
import type { StreamError } from '../core/errors.js';
import { UsageError } from './usage-error.js';

/** One error `RG004` for what commander refused. `words`: the command line. */
export function usageErrorOf(error: CommanderError, program: Command, words: readonly string[]): StreamError {
  if (error.code === 'commander.help') return commandMissing(program, words);
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const quoted = /'([^']+)'/.exec(first)?.[1] ?? '';
  const near = /Did you mean (?:one of )?([^?]+)\?/.exec(rest.join(' '))?.[1];
  return new UsageError(
    'RG004',
    messageOf(error.code, first, quoted),
    near === undefined ? hintOf(error.code) : `did you mean ${near}?`,
    quoted.split(' ')[0]!,
  );
}

/** A command that has commands of its own, without one of them. */
function commandMissing(program: Command, words: readonly string[]): StreamError {
  const group = program.commands.find((command) => command.name() === words[0]);
  if (group === undefined) {
    const unknown = words.at(-1) ?? '';
    return new UsageError('RG004', `there is no command ${unknown}`, hintOf('commander.unknownCommand'), unknown);
  }
  const ways = group.commands
    .filter((command) => command.name() !== 'help')
    .map((command) => `raingauge ${group.name()} ${command.name()} ${command.usage()}`.replace(' [options]', ''));
  return new UsageError(
    'RG004',
    `a command is missing: raingauge ${group.name()} does nothing by itself`,
    `use ${ways.slice(0, -1).join(', ')} or ${ways.at(-1)}`,
    group.name(),
  );
}

function messageOf(code: string, message: string, quoted: string): string {
  switch (code) {
    case 'commander.unknownOption':
      return `there is no flag ${quoted}`;
    case 'commander.unknownCommand':
      return `there is no command ${quoted}`;
    case 'commander.optionMissingArgument':
      return `${quoted.split(' ')[0]} needs a value: ${quoted}`;
    case 'commander.missingArgument':
      return `an argument is missing: ${quoted.toUpperCase()}`;
    default:
      return message;
  }
}

function hintOf(code: string): string {
  switch (code) {
    case 'commander.missingArgument':
      return 'raingauge <command> --help shows what goes where';
    case 'commander.unknownCommand':
      return 'raingauge --help lists the commands';
    default:
      return 'raingauge <command> --help lists the flags';
  }
}

/** Takes switches that are off (`RAINGAUGE_JSON=0`) out of the environment: commander counts any value as on. */
export function ignoreEmptyVariables(program: Command): void {
  const commands = program.commands.flatMap((command) => [command, ...command.commands]);
  for (const option of commands.flatMap((command) => command.options)) {
    const value = option.envVar === undefined ? undefined : process.env[option.envVar];
    const isOff = value === '' || (option.isBoolean() && /^(?:0|false|no|off)$/i.test(value ?? ''));
    if (isOff || (option.negate && /^(?:0|false|no|off)$/i.test(value ?? ''))) delete process.env[option.envVar!];
  }
}
