/** How the tests run: against `src` without a build, with the type tests, in as many workers as a small machine has cores. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const src = (file: string): string => fileURLToPath(new URL(`./src/${file}`, import.meta.url));

export default defineConfig({
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
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    typecheck: {
      enabled: true,
      checker: 'tsc',
      tsconfig: 'tsconfig.json',
      include: ['test/**/*.test-d.ts'],
      // The `types` step of `npm run check` reports errors elsewhere; here only the type tests count.
      ignoreSourceErrors: true,
    },
  },
});
