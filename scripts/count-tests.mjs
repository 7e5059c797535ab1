/**
 * Prints the closing line of a CI run, `N passed, N failed`, from the report that vitest wrote, and exits non-zero when
 * anything failed. Its argument is the exit code of `npm test`: a check that failed before the tests counts as one failure.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const reportFile = fileURLToPath(new URL('../.vitest-report.json', import.meta.url));
const testExitCode = Number(process.argv[2] ?? 1);
const report = existsSync(reportFile) ? JSON.parse(readFileSync(reportFile, 'utf8')) : undefined;

const passed = report?.numPassedTests ?? 0;
const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
let failed = report?.numFailedTests ?? 0;
// A file that cannot be loaded has no test to fail, and an error outside any test is in no count either.
const brokenFiles = report?.testResults.filter(
  (file) => file.status === 'failed' && file.assertionResults.length === 0,
);
failed += brokenFiles?.length ?? 0;
if (failed === 0 && (testExitCode !== 0 || passed === 0)) failed = 1;

process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exit(failed > 0 ? 1 : 0);
