/** How the tests run: against `src` without a build, with the type tests. */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { defineConfig, type Plugin } from 'vitest/config';
import { isLong, isWide } from './test/breadth.js';
import { isBuilt } from './test/cli/command.js';

const src = (file: string): string => fileURLToPath(new URL(`./src/${file}`, import.meta.url));

/** Tests that change what all of a process shares: each file has a process of its own. Those of Kafka do so only where they find one. */
const OWN_PROCESS = [
  'test/bench/**/*.test.ts',
  ...(process.env['RAINGAUGE_KAFKA'] === '1' ? ['test/kafka/**/*.test.ts'] : []),
  'test/connectors/missing-package.test.ts',
  'test/faults/row-26-hanging-function.test.ts',
];

/** Modules that name what a worker's thread or process begins with. */
const STARTERS = /\/src\/(host\/worker-pool|compare\/driver|compare\/fault-run)\.ts$/;

/** Workers begin with the built module where it is as new as `src`: else each would load TypeScript anew, which takes a second. */
const builtWorkers: Plugin = {
  name: 'built-workers',
  enforce: 'pre',
  transform: (code, id) => {
    const [, module] = STARTERS.exec(id) ?? [];
    if (module === undefined || !isBuilt()) return undefined;
    const built = pathToFileURL(fileURLToPath(new URL(`./dist/${module}.js`, import.meta.url))).href;
    return { code: code.replaceAll('import.meta.url', JSON.stringify(built)), map: null };
  },
};

export default defineConfig({
  plugins: [builtWorkers],
  resolve: {
    alias: [
      { find: /^raingauge$/, replacement: src('index.ts') },
      { find: /^raingauge\/sources$/, replacement: src('sources.ts') },
      { find: /^raingauge\/sinks$/, replacement: src('sinks.ts') },
      { find: /^raingauge\/formats$/, replacement: src('formats.ts') },
      { find: /^raingauge\/testing$/, replacement: src('testing/index.ts') },
    ],
  },
  test: {
    pool: 'forks',
    // Some only wait for what they started: one more than a small machine has cores keeps these busy.
    maxWorkers: 3,
    setupFiles: ['test/each-file.ts'],
    // Only what hangs takes so long, also on a machine that is busy with ten other things. Wide runs try more in one test, long ones far more.
    testTimeout: isLong ? 14_400_000 : isWide ? 600_000 : 300_000,
    hookTimeout: 300_000,
    projects: [
      {
        extends: true,
        test: { name: 'own process', include: OWN_PROCESS },
      },
      {
        extends: true,
        test: {
          name: 'shared',
          include: ['test/**/*.test.ts'],
          exclude: OWN_PROCESS,
          // A process loads `src` once for all of its files: they share nothing else, and none leaves anything behind.
          isolate: false,
          typecheck: {
            enabled: true,
            checker: 'tsc',
            tsconfig: 'tsconfig.type-tests.json',
            include: ['test/**/*.test-d.ts'],
            // The `types` step of `npm run check` reports errors elsewhere; here only the type tests count.
            ignoreSourceErrors: true,
          },
        },
      },
    ],
  },
});
