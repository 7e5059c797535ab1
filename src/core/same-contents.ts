/** Whether two values hold the same: by their contents, also of maps, sets, times and bytes, and numbers up to rounding. */

/** Nesting beyond this is taken for the same: a cycle must not hang what compares. */
const DEPTH_MAX = 32;

/** True when the values are the same but for rounding. Fields that are undefined count as absent, as in JSON. */
export function haveSameContents(a: unknown, b: unknown, depth = 0): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a === 'number' && typeof b === 'number')
    return Number.isFinite(a - b) && Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b), 1);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (depth === DEPTH_MAX) return true;
  const kind = kindOf(a);
  if (kind !== kindOf(b)) return false;
  const isSame = (x: unknown, y: unknown) => haveSameContents(x, y, depth + 1);
  switch (kind) {
    case 'Date':
      return Object.is((a as Date).getTime(), (b as Date).getTime());
    case 'Map':
      return haveSameEntries([...(a as Map<unknown, unknown>)], b as Map<unknown, unknown>, isSame);
    case 'Set':
      return haveSameEntries(
        Array.from(a as Set<unknown>, (part) => [part, true]),
        new Map(Array.from(b as Set<unknown>, (part) => [part, true])),
        isSame,
      );
    case 'ArrayBuffer':
      return isSame(new Uint8Array(a as ArrayBuffer), new Uint8Array(b as ArrayBuffer));
    case 'DataView':
      return isSame(bytesOf(a as DataView), bytesOf(b as DataView));
    default:
      return Array.isArray(a) || ArrayBuffer.isView(a)
        ? areSameLists(a as ArrayLike<unknown>, b as ArrayLike<unknown>, isSame)
        : areSameFields(a as Fields, b as Fields, isSame);
  }
}

type Fields = Readonly<Record<string, unknown>>;
type IsSame = (x: unknown, y: unknown) => boolean;

/** `Map`, `Float64Array` and so on; `Object` for what the user made a class of. */
function kindOf(value: object): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

function bytesOf({ buffer, byteOffset, byteLength }: DataView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function areSameLists(a: ArrayLike<unknown>, b: ArrayLike<unknown>, isSame: IsSame): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!isSame(a[i], b[i])) return false;
  return true;
}

function areSameFields(a: Fields, b: Fields, isSame: IsSame): boolean {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((name) => isSame(a[name], b[name]));
}

/** In any order. A key that is an object is looked for among those that have no partner yet. */
function haveSameEntries(
  entries: readonly (readonly [key: unknown, value: unknown])[],
  others: ReadonlyMap<unknown, unknown>,
  isSame: IsSame,
): boolean {
  if (entries.length !== others.size) return false;
  const left = new Map(others);
  return entries.every(([key, value]) => {
    const partner = left.has(key) ? key : [...left.keys()].find((other) => isSame(key, other));
    return left.has(partner) && isSame(value, left.get(partner)) && left.delete(partner);
  });
}
