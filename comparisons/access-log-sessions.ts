/** Visits to a web site, out of its access log: by the time of each request, though lines are written as answers end. */
import { minutes, seconds, topology } from 'raingauge';
import { stdout } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';
import { ANSWER_SECONDS_MAX, accessLog, parseLine } from './access-log.js';

export default topology('access-log-sessions', { batchInterval: seconds(0.5) }, (t) => {
  t.source('lines', memory(accessLog().lines))
    .flatMap(parseLine)
    .timestamps({ extract: (hit) => hit.time, maxOutOfOrderness: seconds(ANSWER_SECONDS_MAX) })
    .keyBy((hit) => hit.host)
    .mapValues(({ bytes, status }) => ({ requests: 1, bytes, errors: Number(status >= 400) }))
    .sessionWindow({
      uid: 'visits',
      gap: minutes(30),
      reduce: (a, b) => ({
        requests: a.requests + b.requests,
        bytes: a.bytes + b.bytes,
        errors: a.errors + b.errors,
      }),
    })
    .to('visits', stdout());
});
