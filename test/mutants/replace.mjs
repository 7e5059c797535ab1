/** The loader's part of `switch.mjs`: hands out modules with texts replaced. It runs in the loader's own thread. */
let edits = [];

export function initialize(data) {
  edits = data;
}

export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context);
  const own = edits.filter((edit) => edit.url === url);
  if (own.length === 0) return loaded;
  const text = Buffer.from(loaded.source).toString('utf8');
  return { ...loaded, source: own.reduce((source, { find, replace }) => source.replace(find, () => replace), text) };
}
