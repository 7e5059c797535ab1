/** What must be replaced in the built program to plant a defect, and which of its modules that changes. */
import { readFileSync } from 'node:fs';
import { MUTANTS } from './mutants.mjs';

const dist = new URL('../../dist/', import.meta.url);

/** The edits of a defect, by the addresses of modules. @throws Error when there is no such defect, or its text does not stand exactly once. */
export function editsOf(name) {
  const mutant = MUTANTS.find((each) => each.name === name);
  if (mutant === undefined)
    throw new Error(`there is no mutant '${name}'; there are ${MUTANTS.map((each) => each.name).join(', ')}`);
  return mutant.edits.map(({ file, find, replace }) => {
    const url = new URL(file, dist).href;
    const found = textOf(url).split(find).length - 1;
    if (found !== 1)
      throw new Error(`the text of the mutant '${name}' stands ${found} times in dist/${file}, and should once`);
    return { url, find, replace };
  });
}

/** Of all that `root` imports, itself included: the modules that lead to one of `edited`. */
export function leadingTo(edited, root) {
  const known = new Map(edited.map((url) => [url, true]));
  const leads = (url) => {
    const before = known.get(url);
    if (before !== undefined) return before;
    known.set(url, false);
    // No `some`: each of them must be looked at.
    const found = importsOf(url).filter(leads).length > 0;
    known.set(url, found);
    return found;
  };
  leads(root);
  return [...known].flatMap(([url, isLeading]) => (isLeading ? [url] : []));
}

const imports = new Map();

/** Our own modules that a module imports; the compiler writes each import on lines of its own, with single quotes. */
function importsOf(url) {
  let found = imports.get(url);
  if (found === undefined) {
    found = [...textOf(url).matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']+\.js)'/g)].map(
      ([, path]) => new URL(path, url).href,
    );
    imports.set(url, found);
  }
  return found;
}

function textOf(url) {
  return readFileSync(new URL(url), 'utf8');
}
