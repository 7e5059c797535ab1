/** Runs one variant once, in this process, and prints what it measured as JSON: `variant.ts NAME LINES SEED`. */
import { loadEngine } from './load-engine.js';
import { GROUPS, variantNamed } from './variants.js';

const [name = '', lines = '1000000', seed = '1'] = process.argv.slice(2);
const variant = variantNamed(name);
if (variant === undefined) {
  const names = GROUPS.flatMap(({ variants }) => Object.keys(variants));
  process.stderr.write(`there is no variant '${name}'; there are: ${names.join(', ')}\n`);
  process.exit(2);
}
await loadEngine();
const measurement = await variant({ lines: Number(lines), seed: Number(seed) });
process.stdout.write(`${JSON.stringify(measurement)}\n`);
