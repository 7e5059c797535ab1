/** What a component may count about itself. It knows no clock: what counts is given by whoever runs the component. */

/** A number that goes up and down. Source: Storm `TopologyContext.registerCounter`. */
export interface Counter {
  readonly count: number;
  /** Default 1. @throws StreamError `RG011` for what is no finite number, as all metrics do. */
  inc(by?: number): void;
  dec(by?: number): void;
}

/** Events and their rates. Source: Storm `registerMeter`. */
export interface Meter {
  readonly count: number;
  /** Default 1. */
  mark(events?: number): void;
}

/** The distribution of values from 0 on, as whole numbers. Source: Storm `registerHistogram`. */
export interface Histogram {
  update(value: number): void;
}

/** A histogram of times with a meter of how often they came. Source: Storm `registerTimer`. */
export interface MetricTimer {
  /** Runs a function and takes its time, by the job's clock, also when it throws. In virtual time a function takes none. */
  time<T>(run: () => T): T;
  /** A time that was taken elsewhere (us). */
  update(duration: number): void;
}

/**
 * The metrics of one task. A name that the task has already gives the same metric again, so that a component which is made anew goes on
 * counting. They count what the code did, also what was done again. What they were at the end is in the job's result, as `metrics`.
 *
 * Each of these throws a StreamError `RG014` for a name that is a metric of another kind, `RG022` for what is no name, and `RG011` for
 * one more than the 200 metrics that a task may have.
 */
export interface TaskMetrics {
  counter(name: string): Counter;
  /**
   * Read when the job ends, and by barriers on workers. The last function given under a name counts.
   *
   * @throws StreamError `RG004` for what is no function; the job fails with `RG011` where it gives no finite number.
   * Source: Storm `registerGauge`.
   */
  gauge(name: string, read: () => number): void;
  meter(name: string): Meter;
  histogram(name: string): Histogram;
  timer(name: string): MetricTimer;
}
