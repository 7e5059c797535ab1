/** Loads each example file named on the command line, in a process of its own, and sends what came of it to its parent. */
import { pathToFileURL } from 'node:url';

export interface Outcome {
  readonly file: string;
  /** The error's stack, or undefined when the example ran to its end. */
  readonly error?: string;
}

const exampleTimeoutMs = 15_000;

const files = process.argv.slice(2);
let current = files[0] ?? '';

process.on('unhandledRejection', (reason) => report({ file: current, error: describe(reason) }));
process.on('uncaughtException', (error) => report({ file: current, error: describe(error) }));

for (const file of files) {
  current = file;
  report(await load(file));
}
process.exit(0);

async function load(file: string): Promise<Outcome> {
  const { promise: tooLong, stop } = timeout();
  try {
    await Promise.race([import(pathToFileURL(file).href), tooLong]);
    return { file };
  } catch (error) {
    return { file, error: describe(error) };
  } finally {
    stop();
  }
}

function timeout(): { readonly promise: Promise<never>; readonly stop: () => void } {
  let stop = (): void => undefined;
  const promise = new Promise<never>((_resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`the example did not end within ${exampleTimeoutMs} ms`)),
      exampleTimeoutMs,
    );
    stop = () => clearTimeout(timer);
  });
  return { promise, stop };
}

function report(outcome: Outcome): void {
  process.send?.(outcome);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
