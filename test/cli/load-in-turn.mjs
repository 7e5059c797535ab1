/**
 * Loads `job.ts` in each of these folders as the command does, and prints what became of each as JSON: its exit code, and what the command
 * would have printed. One process for all: a loader of TypeScript costs more than everything else here.
 *
 *     node load-in-turn.mjs URL_OF_CLI EXTENSION FOLDER …
 */
const [, , cli, extension, ...folders] = process.argv;
const { loadJob } = await import(`${cli}load-job.${extension}`);
const { exitCodeOf, formatError } = await import(`${cli}print-error.${extension}`);

const outcomes = [];
for (const folder of folders) {
  process.chdir(folder);
  outcomes.push(
    await loadJob('job.ts').then(
      () => ({ code: 0, stderr: '' }),
      (error) => ({ code: exitCodeOf(error), stderr: formatError(error, ['graph', 'job.ts']) }),
    ),
  );
}
process.stdout.write(JSON.stringify(outcomes));
