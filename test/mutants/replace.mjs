/** The loader's part: hands out modules with texts replaced, under an address of their own if asked. It runs in the loader's own thread. */
const edits = [];
/** Addresses that end with `?mutant=NAME`: what a module with that ending imports has it too, where it is one of these. */
const copies = new Set();

export function initialize(data) {
  edits.push(...data.edits);
  for (const url of data.copies ?? []) copies.add(url);
}

export async function resolve(specifier, context, nextResolve) {
  const resolved = await nextResolve(specifier, context);
  const parent = context.parentURL ?? '';
  const ending = copies.has(parent) ? parent.slice(parent.lastIndexOf('?')) : '';
  return copies.has(resolved.url + ending) ? { ...resolved, url: resolved.url + ending } : resolved;
}

export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context);
  const own = edits.filter((edit) => edit.url === url);
  if (own.length === 0) return loaded;
  const text = Buffer.from(loaded.source).toString('utf8');
  return { ...loaded, source: own.reduce((source, { find, replace }) => source.replace(find, () => replace), text) };
}
