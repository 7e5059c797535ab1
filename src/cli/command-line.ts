/** Turns what commander says about the command line into errors of our shape. */
import type { Command, CommanderError } from 'commander';
import type { StreamError } from '../core/errors.js';
import { UsageError } from './usage-error.js';

/** One error `RG004` for what commander refused. */
export function usageErrorOf(error: CommanderError): StreamError {
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
    // A command that has commands of its own, without one of them.
    case 'commander.help':
      return 'a command is missing behind the first';
    default:
      return message;
  }
}

function hintOf(code: string): string {
  switch (code) {
    case 'commander.missingArgument':
    case 'commander.help':
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
