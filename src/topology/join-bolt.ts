/** The join bolt: joins the tuples of several streams that are in one window, by equal fields. */
import { StreamError } from '../core/errors.js';
import { encodeKey } from '../core/keys.js';
import { checkFields, checkFunctions } from './check-arguments.js';
import type { Tuple, Values } from './components.js';
import { placeOf } from './draft.js';
import type { Stream } from './streams.js';
import type { TupleWindow, WindowedBolt } from './windowed-bolt.js';

/** One stream of a join. */
interface Side {
  readonly alias: string;
  /** Component and stream, as its tuples say. */
  readonly origin: string;
  readonly field: string;
  readonly kind: 'from' | 'join' | 'leftJoin';
  /** The side before it whose field must be equal. */
  readonly prior: string;
}

/** The tuples of a result so far, by alias; none where a left join found no partner. */
type Row = ReadonlyMap<string, Tuple>;

/**
 * Begins a join: the tuples of this stream, each with its `field`. Further streams are joined to one that is there already; `select`
 * makes the bolt.
 *
 * ```ts
 * import { joinBolt, seconds, topology } from 'raingauge';
 * import { stdout } from 'raingauge/sinks';
 *
 * interface Click { readonly user: string; readonly page: string }
 * interface User { readonly id: string; readonly name: string }
 * export default topology('clicks', (t) => {
 *   const clicks = t.setSpout<Click>('clicks', () => ({ nextTuple: () => 'done' }));
 *   const users = t.setSpout<User>('users', () => ({ nextTuple: () => 'done' }));
 *   const named = joinBolt('click', clicks, 'user')
 *     .join('user', users, 'id', 'click')
 *     .select(({ click, user }) => ({ page: click.page, name: user.name }));
 *   t.setWindowedBolt('named', named, { window: seconds(5) })
 *     .fieldsGrouping(clicks, 'user')
 *     .fieldsGrouping(users, 'id')
 *     .to('out', stdout());
 * });
 * ```
 *
 * With several tasks every stream needs a fields grouping on its field. A pair that is in several windows is in the results of each.
 * Costs in proportion to tuples and results.
 *
 * @throws StreamError `RG018` for a stream that does not come from a source, spout or bolt, and an alias that is there twice or not at all;
 * `RG033` at run time for a field that is no key.
 * Source: Storm `JoinBolt`. There is no right and no full outer join either; results are anchored to their own tuples.
 */
export function joinBolt<A extends string, V extends Values>(
  alias: A,
  from: Stream<V>,
  field: keyof V & string,
): Join<{ readonly [N in A]: V }, V> {
  return new Join([sideOf('from', alias, from, field, alias, joinBolt)]);
}

/** A join under way. `R` is the row that `select` gets. */
export class Join<R, In extends Values> {
  readonly #sides: readonly Side[];

  constructor(sides: readonly Side[]) {
    this.#sides = sides;
  }

  /** Only rows that have a partner in this stream: its `field` equals that of the side `prior`. */
  join<A extends string, V extends Values>(
    alias: A,
    from: Stream<V>,
    field: keyof V & string,
    prior: keyof R & string,
  ): Join<R & { readonly [N in A]: V }, In | V> {
    return this.#with(sideOf('join', alias, from, field, prior, this.join), this.join);
  }

  /** All rows, with undefined where this stream has no partner. */
  leftJoin<A extends string, V extends Values>(
    alias: A,
    from: Stream<V>,
    field: keyof V & string,
    prior: keyof R & string,
  ): Join<R & { readonly [N in A]: V | undefined }, In | V> {
    return this.#with(sideOf('leftJoin', alias, from, field, prior, this.leftJoin), this.leftJoin);
  }

  /** The bolt, for `setWindowedBolt`: emits what `select` makes of each row. */
  select<V extends Values>(select: (row: R) => V): () => WindowedBolt<In, V> {
    checkFunctions({ select }, this.select);
    const sides = this.#sides;
    const create = (): WindowedBolt<In, V> => ({
      execute: (window, out) => {
        for (const row of rowsOf(sides, window)) {
          const values = sides.map(({ alias }) => [alias, row.get(alias)?.values] as const);
          out.emit(select(Object.fromEntries(values) as R), [...row.values()]);
        }
      },
    });
    // The identity of a plan goes by what the user wrote.
    return Object.assign(create, { toString: () => `${JSON.stringify(sides)} ${String(select)}` });
  }

  #with<Next>(side: Side, caller: (...args: never[]) => unknown): Next {
    const aliases = this.#sides.map(({ alias }) => alias);
    const problem = aliases.includes(side.alias)
      ? `the join has two sides '${side.alias}'`
      : aliases.includes(side.prior)
        ? undefined
        : `the join has no side '${side.prior}' before '${side.alias}'`;
    if (problem === undefined) return new Join([...this.#sides, side]) as Next;
    throw new StreamError('RG018', problem, `its sides so far: ${aliases.join(', ')}`, { place: placeOf(caller) });
  }
}

function sideOf(
  kind: Side['kind'],
  alias: string,
  from: { readonly origin: string | undefined },
  field: string,
  prior: string,
  caller: (...args: never[]) => unknown,
): Side {
  checkFields([field], caller);
  const { origin } = from;
  if (origin === undefined)
    throw new StreamError(
      'RG018',
      `the join cannot tell the tuples of '${alias}': they come through operators`,
      'join streams of sources, spouts and bolts, or put a bolt behind the operators',
      { place: placeOf(caller) },
    );
  return { alias, origin, field, kind, prior };
}

function rowsOf(sides: readonly Side[], { events }: TupleWindow<Values>): readonly Row[] {
  const [first, ...others] = sides;
  let rows: readonly Row[] = eventsOf(first!, events).map((tuple) => new Map([[first!.alias, tuple]]));
  for (const side of others) {
    const priorField = sides.find(({ alias }) => alias === side.prior)!.field;
    const partners = grouped(side, events);
    rows = rows.flatMap((row) => {
      const prior = row.get(side.prior);
      const found = prior === undefined ? undefined : partners.get(keyOf(prior, priorField));
      if (found !== undefined) return found.map((tuple) => new Map(row).set(side.alias, tuple));
      return side.kind === 'leftJoin' ? [row] : [];
    });
  }
  return rows;
}

function eventsOf({ origin }: Side, events: readonly Tuple[]): readonly Tuple[] {
  return events.filter(({ sourceComponent, sourceStream }) => `${sourceComponent}/${sourceStream}` === origin);
}

function grouped(side: Side, events: readonly Tuple[]): ReadonlyMap<string, readonly Tuple[]> {
  const groups = new Map<string, Tuple[]>();
  for (const tuple of eventsOf(side, events)) {
    const key = keyOf(tuple, side.field);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [tuple]);
    else group.push(tuple);
  }
  return groups;
}

function keyOf({ values }: Tuple, field: string): string {
  return encodeKey((values as Readonly<Record<string, unknown>>)[field]);
}
