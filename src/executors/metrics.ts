/** The metrics that components of one name keep, by task. It knows neither mode, and no component. */
import { StreamError } from '../core/errors.js';
import { shown } from '../kernels/shapes.js';
import { Latency, type LatencySummary } from '../runtime/latency.js';
import { type MeterSummary, RateMeter } from '../runtime/meter.js';
import type { Counter, Histogram, Meter, MetricTimer, TaskMetrics } from '../topology/metrics.js';
import { type Blamed, blaming, noPromise } from './user-error.js';

/** Metrics of one task. A histogram takes 100 KB, and names with ids in them would be without end. */
export const METRICS_MAX = 200;

/** A distribution; a figure that too few values stand behind is undefined. */
export type Distribution = Omit<LatencySummary, 'negatives'>;

/** One metric of one task, as it was at the end of the job. */
export type ComponentMetric = { readonly component: string; readonly task: number; readonly name: string } & (
  | { readonly kind: 'counter'; readonly count: number }
  | { readonly kind: 'gauge'; readonly value: number }
  | ({ readonly kind: 'meter' } & MeterSummary)
  | ({ readonly kind: 'histogram' } & Distribution)
  /** Times in us, rates in events a second. */
  | ({ readonly kind: 'timer' } & Distribution & MeterSummary)
);

type Reading = ComponentMetric extends infer M ? (M extends ComponentMetric ? Omit<M, keyof Place> : never) : never;
type Place = { readonly component: string; readonly task: number; readonly name: string };

/** A metric, and what there is to read of it. */
interface Registered {
  readonly kind: ComponentMetric['kind'];
  readonly metric: unknown;
  read: () => Reading;
}

/** All tasks of one component here; what tasks elsewhere said last stands beside it. */
export class ComponentMetrics {
  readonly #component: string;
  readonly #tasks = new Map<number, TaskRegistry>();
  readonly #elsewhere = new Map<number, readonly ComponentMetric[]>();

  constructor(component: string) {
    this.#component = component;
  }

  /** The metrics of a task: the same ones whenever it begins. */
  of(task: number, operator: Blamed, now: () => number): TaskMetrics {
    const registry = this.#tasks.get(task) ?? new TaskRegistry(this.#component, task, operator, now);
    this.#tasks.set(task, registry);
    return registry;
  }

  /** By task, in the order in which they were registered. @throws what a gauge throws, attributed to its component. */
  read(): readonly ComponentMetric[] {
    const own = [...this.#tasks].map(([task, registry]) => [task, registry.read()] as const);
    return [...new Map([...this.#elsewhere, ...own])].sort(([a], [b]) => a - b).flatMap(([, metrics]) => metrics);
  }

  /** What `read` gave in another place, in place of what it gave before. */
  heard(metrics: readonly ComponentMetric[]): void {
    for (const task of new Set(metrics.map((metric) => metric.task)))
      this.#elsewhere.set(
        task,
        metrics.filter((metric) => metric.task === task),
      );
  }
}

class TaskRegistry implements TaskMetrics {
  readonly #place: Omit<Place, 'name'>;
  readonly #operator: Blamed;
  readonly #now: () => number;
  readonly #metrics = new Map<string, Registered>();

  constructor(component: string, task: number, operator: Blamed, now: () => number) {
    this.#place = { component, task };
    this.#operator = operator;
    this.#now = now;
  }

  counter(name: string): Counter {
    return this.#register(name, 'counter', () => {
      const counter = new NamedCounter((by) => this.#checked(name, by));
      return { metric: counter, read: () => ({ kind: 'counter', count: counter.count }) };
    });
  }

  gauge(name: string, read: () => number): void {
    if (typeof read !== 'function') {
      const hint = `write metrics.gauge('${String(name)}', () => …)`;
      throw new StreamError('RG004', `the gauge '${String(name)}' was given ${shown(read)}, not a function`, hint);
    }
    const reading = (): Reading => ({ kind: 'gauge', value: this.#read(name, read) });
    this.#register(name, 'gauge', () => ({ metric: undefined, read: reading }));
    this.#metrics.get(name)!.read = reading;
  }

  meter(name: string): Meter {
    return this.#register(name, 'meter', () => {
      const rates = new RateMeter(this.#now);
      const mark = (events = 1): void => rates.mark(this.#checked(name, events, 0));
      const metric: Meter = {
        get count() {
          return rates.count;
        },
        mark,
      };
      return { metric, read: () => ({ kind: 'meter', ...rates.summary() }) };
    });
  }

  histogram(name: string): Histogram {
    return this.#register(name, 'histogram', () => {
      const values = new Latency();
      const metric: Histogram = { update: (value) => values.record(this.#checked(name, value, 0)) };
      return { metric, read: () => ({ kind: 'histogram', ...distribution(values) }) };
    });
  }

  timer(name: string): MetricTimer {
    return this.#register(name, 'timer', () => {
      const [times, rates, now] = [new Latency(), new RateMeter(this.#now), this.#now];
      const update = (duration: number): void => {
        times.record(this.#checked(name, duration, 0));
        rates.mark(1);
      };
      const time = <T>(run: () => T): T => {
        const began = now();
        try {
          return run();
        } finally {
          update(Math.max(0, now() - began));
        }
      };
      const metric: MetricTimer = { update, time };
      return { metric, read: () => ({ kind: 'timer', ...rates.summary(), ...distribution(times) }) };
    });
  }

  read(): readonly ComponentMetric[] {
    return Array.from(this.#metrics, ([name, { read }]) => ({ ...this.#place, name, ...read() }) as ComponentMetric);
  }

  #register<M>(
    name: string,
    kind: Registered['kind'],
    make: () => { readonly metric: M; readonly read: () => Reading },
  ): M {
    const before = this.#metrics.get(name);
    if (before === undefined) {
      this.#checkNew(name);
      const made = { kind, ...make() };
      this.#metrics.set(name, made);
      return made.metric;
    }
    if (before.kind === kind) return before.metric as M;
    const message = `the metric '${name}' is a ${before.kind}; it cannot be a ${kind} too`;
    throw new StreamError('RG014', message, 'give each metric of a task a name of its own');
  }

  #checkNew(name: unknown): void {
    if (typeof name !== 'string' || name === '')
      throw new StreamError('RG022', `a metric was given ${shown(name)} as its name`, 'name it with a text');
    if (this.#metrics.size < METRICS_MAX) return;
    throw new StreamError(
      'RG011',
      `'${name}' would be one more than the ${METRICS_MAX} metrics that a task may have`,
      'name what is counted, and leave ids, keys and times out of the name',
    );
  }

  #read(name: string, read: () => unknown): number {
    return blaming(this.#operator, () => {
      const value = read();
      noPromise(value, this.#operator);
      return this.#checked(name, value as number);
    });
  }

  #checked(name: string, value: number, least = Number.NEGATIVE_INFINITY): number {
    if (Number.isFinite(value) && value >= least) return value;
    const rule = least === 0 ? 'a finite number from 0 on' : 'a finite number';
    throw new StreamError('RG011', `the metric '${name}' was given ${shown(value)}, not ${rule}`, `give it ${rule}`);
  }
}

class NamedCounter implements Counter {
  count = 0;
  readonly #checked: (by: number) => number;

  constructor(checked: (by: number) => number) {
    this.#checked = checked;
  }

  inc(by = 1): void {
    this.count += this.#checked(by);
  }

  dec(by = 1): void {
    this.count -= this.#checked(by);
  }
}

function distribution(values: Latency): Distribution {
  const { negatives: _negatives, ...summary } = values.summary();
  return summary;
}
