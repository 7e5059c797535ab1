/** The metrics that components of one name keep, by task. It knows neither mode, and no component. */
import { StreamError } from '../core/errors.js';
import { Latency, type LatencySummary } from '../runtime/latency.js';
import { type MeterSummary, RateMeter } from '../runtime/meter.js';
import type { Counter, Histogram, Meter, MetricTimer, TaskMetrics } from '../topology/metrics.js';
import { type Blamed, blaming } from './user-error.js';

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
    const reading = (): Reading => ({ kind: 'gauge', value: blaming(this.#operator, read) });
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
      const made = { kind, ...make() };
      this.#metrics.set(name, made);
      return made.metric;
    }
    if (before.kind === kind) return before.metric as M;
    const message = `the metric '${name}' is a ${before.kind}; it cannot be a ${kind} too`;
    throw new StreamError('RG014', message, 'give each metric of a task a name of its own');
  }

  #checked(name: string, value: number, least = Number.NEGATIVE_INFINITY): number {
    if (Number.isFinite(value) && value >= least) return value;
    const rule = least === 0 ? 'a finite number from 0 on' : 'a finite number';
    throw new StreamError('RG011', `the metric '${name}' was given ${String(value)}, not ${rule}`, `give it ${rule}`);
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
