/** Whether two values hold the same: by their contents, also of maps, sets, times and bytes, and numbers up to rounding. */

/** Nesting beyond this is taken for the same: what compares must not run out of stack. */
const DEPTH_MAX = 500;

/**
 * True when the values are the same but for rounding. Fields that are undefined count as absent, as in JSON. What has a `toJSON` is what
 * that gives; of two classes of the user the instances differ, but an instance may be the same as a plain object: channels make one of it.
 * What neither fields nor `toJSON` show is not seen. What is shared or holds itself is compared once.
 */
export function haveSameContents(a: unknown, b: unknown): boolean {
  return new Comparison().areSame(a, b);
}

class Comparison {
  /** Pairs that are the same, and pairs that differ. One under comparison counts as the same: only a cycle leads back to it. */
  readonly #known = new Map<object, Map<object, boolean>>();
  /** The pairs that count as the same, in order. They do no longer when the pair differs that they were found in. */
  readonly #same: (readonly [object, object])[] = [];
  #pairCount = 0;
  #depth = 0;

  readonly areSame = (a: unknown, b: unknown): boolean => {
    if (Object.is(a, b)) return true;
    if (typeof a === 'number' && typeof b === 'number')
      return Number.isFinite(a - b) && Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b), 1);
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
    const known = this.#known.get(a)?.get(b);
    if (known !== undefined || this.#depth === DEPTH_MAX) return known ?? true;
    return this.#remembered(a, b);
  };

  #remembered(a: object, b: object): boolean {
    const [sameCount, pairCount] = [this.#same.length, ++this.#pairCount];
    const others = this.#known.get(a) ?? new Map<object, boolean>();
    this.#known.set(a, others.set(b, true));
    this.#same.push([a, b]);
    this.#depth++;
    const isSame = areSameObjects(a, b, this.areSame);
    this.#depth--;
    if (isSame) return true;
    for (const [x, y] of this.#same.splice(sameCount)) this.#known.get(x)!.delete(y);
    // A pair without objects inside is as soon compared again as remembered: of maps whose keys are objects there may be many.
    if (this.#pairCount > pairCount) others.set(b, false);
    return false;
  }
}

type IsSame = (x: unknown, y: unknown) => boolean;
type Fields = Readonly<Record<string, unknown>>;
type Pair = readonly [a: object, b: object];

/** How contents are compared, by what the values are. The first that is true of either value decides. */
const KINDS: readonly (readonly [is: (value: object) => boolean, areSame: (pair: Pair, isSame: IsSame) => boolean])[] =
  [
    [Array.isArray, (pair, isSame) => areSameLists(pair as never, isSame)],
    [isA(Date), ([a, b]) => Object.is((a as Date).getTime(), (b as Date).getTime())],
    [
      isA(Map),
      ([a, b], isSame) => haveSameEntries([...(a as Map<unknown, unknown>)], [...(b as Map<unknown, unknown>)], isSame),
    ],
    [isA(Set), ([a, b], isSame) => haveSameEntries(entriesOf(a as Set<unknown>), entriesOf(b as Set<unknown>), isSame)],
    [isBuffer, ([a, b], isSame) => isSame(new Uint8Array(a as ArrayBuffer), new Uint8Array(b as ArrayBuffer))],
    [isA(DataView), ([a, b], isSame) => isSame(bytesOf(a as DataView), bytesOf(b as DataView))],
    [ArrayBuffer.isView, (pair, isSame) => haveSameTag(pair) && areSameLists(pair as never, isSame)],
    [isA(RegExp), ([a, b]) => String(a) === String(b)],
    [isBoxed, ([a, b], isSame) => isSame(a.valueOf(), b.valueOf())],
    [isA(Error), (pair, isSame) => areSameErrors(pair as never, isSame)],
  ];

function areSameObjects(a: object, b: object, isSame: IsSame): boolean {
  const kind = KINDS.find(([is]) => is(a) || is(b));
  if (kind !== undefined) return kind[0](a) && kind[0](b) && kind[1]([a, b], isSame);
  if (hasJson(a) && hasJson(b)) return haveSameClass([a, b]) && isSame(a.toJSON(), b.toJSON());
  return (haveSameClass([a, b]) || isPlain(a) || isPlain(b)) && areSameFields(a as Fields, b as Fields, isSame);
}

function isA(type: abstract new (...args: never[]) => object): (value: object) => boolean {
  return (value) => value instanceof type;
}

function isBuffer(value: object): boolean {
  return value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;
}

function isBoxed(value: object): boolean {
  return [Number, String, Boolean, BigInt, Symbol].some((type) => value instanceof type);
}

function hasJson(value: object): value is { toJSON(): unknown } {
  return typeof (value as { toJSON?: unknown }).toJSON === 'function';
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function haveSameClass([a, b]: Pair): boolean {
  return Object.getPrototypeOf(a) === Object.getPrototypeOf(b);
}

/** `Float64Array` and so on; a `Buffer` is a `Uint8Array`, which a channel makes of it. */
function haveSameTag([a, b]: Pair): boolean {
  return Object.prototype.toString.call(a) === Object.prototype.toString.call(b);
}

function bytesOf({ buffer, byteOffset, byteLength }: DataView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function areSameLists([a, b]: readonly [ArrayLike<unknown>, ArrayLike<unknown>], isSame: IsSame): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!isSame(a[i], b[i])) return false;
  return true;
}

function areSameErrors([a, b]: readonly [Error, Error], isSame: IsSame): boolean {
  return a.name === b.name && a.message === b.message && areSameFields(a as never, b as never, isSame);
}

function areSameFields(a: Fields, b: Fields, isSame: IsSame): boolean {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((name) => isSame(a[name], b[name]));
}

type Entry = readonly [key: unknown, value: unknown];

function entriesOf(set: ReadonlySet<unknown>): readonly Entry[] {
  return Array.from(set, (part) => [part, true]);
}

/** In any order. A key that the other has not is looked for, with its value, among those that have no partner yet. */
function haveSameEntries(entries: readonly Entry[], others: readonly Entry[], isSame: IsSame): boolean {
  if (entries.length !== others.length) return false;
  const left = new Map(others);
  return entries.every(([key, value]) => {
    if (left.has(key) && isSame(value, left.get(key))) return left.delete(key);
    for (const [other, otherValue] of left)
      if (isSame(key, other) && isSame(value, otherValue)) return left.delete(other);
    return false;
  });
}
