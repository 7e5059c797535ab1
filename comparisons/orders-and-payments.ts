/** Two streams that meet: each order with its payments of the next minutes, and what the shop takes in an hour. */
import { micros, minutes, seconds, topology } from 'raingauge';
import { stdout } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';
import { MINUTES_TO_PAY, shop } from './shop.js';

export default topology('orders-and-payments', { batchInterval: seconds(0.5) }, (t) => {
  const { orders, payments } = shop();
  const ordered = t
    .source('orders', memory(orders))
    .timestamps({ extract: (order) => order.time, maxOutOfOrderness: micros(0) })
    .map((order) => [order.id, order.cents] as const);
  const paid = t
    .source('payments', memory(payments))
    .timestamps({ extract: (payment) => payment.time, maxOutOfOrderness: micros(0) })
    .map((payment) => [payment.order, payment.cents] as const);

  const met = ordered.intervalJoin(paid, { uid: 'paid', before: micros(0), after: minutes(MINUTES_TO_PAY) });
  met.to('paid', stdout());
  met
    .map(([, [, cents]]) => ['taken', cents] as const)
    .reduceByKeyAndWindow({ uid: 'hours', window: minutes(60), slide: minutes(60), reduce: (a, b) => a + b })
    .to('hours', stdout());
});
