/** Types of the package `avsc` that take no more items than a record can hold: its own believe every number that they read. */

/** The part of the package that is used. */
export interface Avsc {
  readonly Type: { forSchema(schema: unknown, options: { readonly typeHook: TypeHook }): AvroType };
  readonly types: {
    readonly ArrayType: new (schema: unknown, options: unknown) => { readonly itemsType: Inner };
    readonly MapType: new (schema: unknown, options: unknown) => { readonly valuesType: Inner };
  };
}

/** A type of the package. */
export interface AvroType {
  fromBuffer(bytes: Buffer): unknown;
  toBuffer(value: unknown): Buffer;
}

type TypeHook = (schema: unknown, options: unknown) => unknown;

interface Inner {
  _read(tap: Tap): unknown;
}

/** Where the package reads. Beyond the end it reads zeros, and says so when all is read. */
interface Tap {
  readLong(): number;
  skipLong(): void;
  readString(): string;
}

/** Items that take no bytes, such as nulls, in one record. */
const EMPTY_ITEMS_MAX = 1_000;

/** The type of a schema. @throws Error of the package for what is no schema; the type's `fromBuffer` for what is not of it. */
export function boundedType({ Type, types }: Avsc, schema: unknown): AvroType {
  /** Items that the record at hand may still have. */
  let left = 0;

  function eachItem(tap: Tap, read: () => void): void {
    for (let count = tap.readLong(); count !== 0; count = tap.readLong()) {
      // A negative number is followed by how many bytes they take.
      if (count < 0) tap.skipLong();
      const items = Math.abs(count);
      if (!(items <= left)) throw new RangeError(`it says that ${items} items follow`);
      left -= items;
      for (let item = 0; item < items; item++) read();
    }
  }

  class BoundedArray extends types.ArrayType {
    _read(tap: Tap): unknown[] {
      const items: unknown[] = [];
      eachItem(tap, () => items.push(this.itemsType._read(tap)));
      return items;
    }
  }

  class BoundedMap extends types.MapType {
    _read(tap: Tap): Readonly<Record<string, unknown>> {
      const entries: [string, unknown][] = [];
      eachItem(tap, () => entries.push([tap.readString(), this.valuesType._read(tap)]));
      // A key such as `__proto__` is one as any other.
      return Object.fromEntries(entries);
    }
  }

  const typeHook: TypeHook = (inner, options) => {
    const kind = (inner as { readonly type?: unknown } | null)?.type;
    if (kind === 'array') return new BoundedArray(inner, options);
    return kind === 'map' ? new BoundedMap(inner, options) : undefined;
  };
  const type = Type.forSchema(schema, { typeHook });
  return {
    toBuffer: (value) => type.toBuffer(value),
    fromBuffer: (bytes) => {
      left = bytes.length + EMPTY_ITEMS_MAX;
      return type.fromBuffer(bytes);
    },
  };
}
