/** Two streams that meet: each order with its payments of the next minutes, what the shop takes in an hour, and what was never paid. */
import { micros, minutes, seconds, topology } from 'raingauge';
import { stdout } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';
import { MINUTES_TO_PAY, MINUTES_TO_WAIT, shop } from './shop.js';

/** So often (min) the shop gives orders up. */
const MINUTES_BETWEEN = 15;

export default topology('orders-and-payments', { batchInterval: seconds(0.5) }, (t) => {
  const { orders, payments } = shop();
  // An entry for no order, when the shop gives its last order up: windows of payments end with the last payment, and would miss those before.
  const closing = { order: -1, cents: 0, time: orders.at(-1)!.time + minutes(MINUTES_TO_WAIT) };
  const placed = t.source('orders', memory(orders));
  const paid = t
    .source('payments', memory([...payments, closing]))
    .timestamps({ extract: (payment) => payment.time, maxOutOfOrderness: micros(0) })
    .map((payment) => [payment.order, payment.cents] as const);

  const met = placed
    .timestamps({ extract: (order) => order.time, maxOutOfOrderness: micros(0) })
    .map((order) => [order.id, order.cents] as const)
    .intervalJoin(paid, { uid: 'paid', before: micros(0), after: minutes(MINUTES_TO_PAY) });
  met.to('paid', stdout());
  met
    .map(([, [, cents]]) => ['taken', cents] as const)
    .reduceByKeyAndWindow({ uid: 'hours', window: minutes(60), slide: minutes(60), reduce: (a, b) => a + b })
    .to('hours', stdout());

  // By the time when the shop gives an order up, it is in one window; any payment for it is in the longer window with the same end.
  const payable = paid.window({
    uid: 'payable',
    window: minutes(MINUTES_BETWEEN + MINUTES_TO_WAIT),
    slide: minutes(MINUTES_BETWEEN),
  });
  placed
    .timestamps({ extract: (order) => order.time + minutes(MINUTES_TO_WAIT), maxOutOfOrderness: micros(0) })
    .map((order) => [order.id, order.cents] as const)
    .window({ uid: 'given-up', window: minutes(MINUTES_BETWEEN), slide: minutes(MINUTES_BETWEEN) })
    .leftOuterJoin(payable, { uid: 'meet' })
    .flatMap(([order, [cents, payment]]) => (payment === undefined ? [[order, cents] as const] : []))
    .to('unpaid', stdout());
});
