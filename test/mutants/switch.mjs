/**
 * Puts one planted defect into the built program: `RAINGAUGE_MUTANT=NAME node --import ./test/mutants/switch.mjs dist/cli/main.js …`.
 * It ends the process when there is no such defect, or when its text does not stand exactly once in the built file.
 */
import { readFileSync } from 'node:fs';
import { register } from 'node:module';
import { MUTANTS } from './mutants.mjs';

const name = process.env.RAINGAUGE_MUTANT ?? '';
const dist = new URL('../../dist/', import.meta.url);

if (name !== '') {
  const mutant = MUTANTS.find((each) => each.name === name);
  if (mutant === undefined)
    stop(`there is no mutant '${name}'; there are ${MUTANTS.map((each) => each.name).join(', ')}`);
  for (const { file, find } of mutant.edits) {
    const found = readFileSync(new URL(file, dist), 'utf8').split(find).length - 1;
    if (found !== 1) stop(`the text of the mutant '${name}' stands ${found} times in dist/${file}, and should once`);
  }
  const edits = mutant.edits.map(({ file, find, replace }) => ({ url: new URL(file, dist).href, find, replace }));
  register('./replace.mjs', import.meta.url, { data: edits });
}

function stop(problem) {
  process.stderr.write(`mutant: ${problem}\n`);
  process.exit(70);
}
