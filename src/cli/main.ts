#!/usr/bin/env node
/** The `raingauge` command: reads the command line, runs one command, and turns its outcome into an exit code. */
import { CommanderError } from 'commander';
import { EXIT } from '../core/errors.js';
import { ignoreEmptyVariables, usageErrorOf } from './command-line.js';
import { checkNode } from './node-version.js';
import { buildProgram } from './program.js';
import { isStdoutClosed, watchStdout } from './stdout.js';

/** The exit code of the error that is being printed. */
let failing: Promise<number> | undefined;

/** How long open handles may keep a finished command alive. */
const LINGER_MS = 2_000;

process.on('uncaughtException', exitWith);
process.on('unhandledRejection', exitWith);
watchStdout();

process.exitCode = await main(process.argv.slice(2));
// What a command left open, such as a socket of the user's own, must not keep the terminal waiting.
setTimeout(() => process.exit(), LINGER_MS).unref();

async function main(words: readonly string[]): Promise<number> {
  try {
    checkNode(process.versions.node);
    return await parsed(words);
  } catch (error) {
    return isStdoutClosed() ? EXIT.ok : fail(error);
  }
}

/** Runs the command, and tells what commander refused as errors of ours. */
async function parsed(words: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = buildProgram((code) => {
    exitCode = code;
  });
  try {
    if (words.length === 0) return printHelp(program.helpInformation());
    ignoreEmptyVariables(program);
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.ok : fail(usageErrorOf(error, program, words));
  }
  return isStdoutClosed() && exitCode !== EXIT.interrupted ? EXIT.ok : exitCode;
}

function printHelp(text: string): number {
  process.stdout.write(text);
  return EXIT.ok;
}

/** Ends the process for an error that nobody caught, whatever else goes on. */
function exitWith(error: unknown): void {
  fail(error).then(process.exit, () => process.exit(EXIT.job));
}

/** Prints an error and gives its exit code. What else goes wrong at the same time would only hide the first. */
function fail(error: unknown): Promise<number> {
  failing ??= import('./print-error.js').then(({ exitCodeOf, printError }) => {
    printError(error);
    return exitCodeOf(error);
  });
  return failing;
}
