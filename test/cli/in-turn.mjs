/**
 * Runs one command of `raingauge` after the other in this process: starting Node and loading the program costs more than most of them.
 *
 *     node in-turn.mjs PATH_OF_MAIN
 *
 * Reads requests from stdin, one JSON document a line: `{ words, cwd, env, mark }`. What a command prints goes where it always goes; then
 * `mark` and its exit code follow on both streams. A command that ends the process ends this one.
 */
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [, , main] = process.argv;
const exit = process.exit;
/** Where a process can still be started when the folder of a test is gone. */
const home = process.cwd();
let turns = 0;

// A command that has ended lets go of what it left open by ending the process some seconds later: with no code, unlike every other end.
process.exit = (...codes) => (codes.length === 0 ? undefined : exit(...codes));

for await (const line of createInterface({ input: process.stdin })) {
  const { words, cwd, env, mark } = JSON.parse(line);
  process.argv = [process.argv[0], main, ...words];
  process.chdir(cwd);
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
  process.exitCode = undefined;
  // The program is evaluated again, and its modules are not.
  await import(`${pathToFileURL(main).href}?turn=${++turns}`);
  const end = `${mark}${process.exitCode ?? 0}\n`;
  process.stdout.removeAllListeners('error');
  process.removeAllListeners('uncaughtException').removeAllListeners('unhandledRejection');
  process.chdir(home);
  process.stdout.write(end);
  process.stderr.write(end);
}
