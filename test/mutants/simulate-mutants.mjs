/**
 * A process that simulates jobs on the built program, each time with another planted defect. Only the modules that lead to the defect
 * are loaded anew, which takes a tenth of what a process takes. It is sent `{ name, job, options }`, and answers `{ result }` or `{ error }`.
 */
import { register } from 'node:module';
import { register as registerTypeScript } from 'tsx/esm/api';
import { MUTANTS } from './mutants.mjs';
import { editsOf, leadingTo } from './planted.mjs';

const simulation = new URL('../../dist/compare/simulate/simulate.js', import.meta.url).href;

const jobs = new Map();
const loader = registerTypeScript();
for (const job of new Set(MUTANTS.flatMap((mutant) => mutant.jobs)))
  jobs.set(job, (await import(new URL(`../../${job}`, import.meta.url).href)).default);
await loader();

/** Defects that cannot be planted. */
const problems = new Map();
const planted = { edits: [], copies: [] };
for (const { name } of MUTANTS) {
  try {
    const edits = editsOf(name);
    const copy = (url) => `${url}?mutant=${name}`;
    const edited = edits.map(({ url }) => url);
    planted.edits.push(...edits.map((edit) => ({ ...edit, url: copy(edit.url) })));
    planted.copies.push(...leadingTo(edited, simulation).map(copy));
  } catch (error) {
    problems.set(name, error);
  }
}
register('./replace.mjs', import.meta.url, { data: planted });

process.on('message', ({ name, job, options }) => {
  simulateMutant(name, job, options).then(
    (result) => process.send({ result }),
    (error) => process.send({ error: String(error) }),
  );
});

async function simulateMutant(name, job, options) {
  if (problems.has(name)) throw problems.get(name);
  const { simulate } = await import(`${simulation}?mutant=${name}`);
  return simulate(jobs.get(job), options);
}
