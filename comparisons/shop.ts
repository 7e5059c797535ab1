/** Orders of a shop and the payments for them, made from a seed: which are paid in time is known. */
import { seeded } from './seeded.js';

export interface Order {
  readonly id: number;
  readonly cents: number;
  /** (us) */
  readonly time: number;
}

export interface Payment {
  readonly order: number;
  readonly cents: number;
  /** (us) */
  readonly time: number;
}

/** An order that is not paid within so many minutes is not delivered. */
export const MINUTES_TO_PAY = 15;
/** And one for which nothing came within so many minutes is never paid: what is too late comes before. */
export const MINUTES_TO_WAIT = 2 * MINUTES_TO_PAY;

const ORDERS = 1_500;
const START = Date.UTC(2026, 2, 2, 9) * 1_000;
const SECOND = 1_000_000;

/** Both streams by time. Some orders are never paid, some too late, and some in two payments. */
export function shop(seed = 1): { readonly orders: readonly Order[]; readonly payments: readonly Payment[] } {
  const below = seeded(seed);
  const payments: Payment[] = [];
  let time = START;
  const orders = Array.from({ length: ORDERS }, (_, id): Order => {
    time += (1 + below(20)) * SECOND;
    const cents = 500 + below(20_000);
    const inTime = (): number => time + (1 + below(MINUTES_TO_PAY * 60)) * SECOND;
    const fate = below(20);
    if (fate === 0) return { id, cents, time };
    if (fate === 1) payments.push({ order: id, cents, time: inTime() + MINUTES_TO_PAY * 60 * SECOND });
    else if (fate === 2) {
      const first = below(cents);
      payments.push({ order: id, cents: first, time: inTime() }, { order: id, cents: cents - first, time: inTime() });
    } else payments.push({ order: id, cents, time: inTime() });
    return { id, cents, time };
  });
  payments.sort((a, b) => a.time - b.time || a.order - b.order || a.cents - b.cents);
  return { orders, payments };
}
