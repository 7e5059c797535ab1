/**
 * Puts one planted defect into the built program: `RAINGAUGE_MUTANT=NAME node --import ./test/mutants/switch.mjs dist/cli/main.js …`.
 * It ends the process when there is no such defect, or when its text does not stand exactly once in the built file.
 */
import { register } from 'node:module';
import { editsOf } from './planted.mjs';

const name = process.env.RAINGAUGE_MUTANT ?? '';

if (name !== '') {
  try {
    register('./replace.mjs', import.meta.url, { data: { edits: editsOf(name) } });
  } catch (error) {
    process.stderr.write(`mutant: ${error.message}\n`);
    process.exit(70);
  }
}
