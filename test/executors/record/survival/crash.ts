/** Crashes of the driver: steps that survive one by one, and a process that is gone after the n-th of them. */

/** Counts steps over all that is durable. After step `at` nothing more happens in that life. */
export class Crash {
  readonly happened: Promise<'crashed'>;
  /** Names of the steps that were done, in order. */
  readonly steps: string[] = [];
  readonly #at: number;
  #isOver = false;
  #happen!: (crashed: 'crashed') => void;

  constructor(at: number) {
    this.#at = at;
    this.happened = new Promise((resolve) => {
      this.#happen = resolve;
    });
  }

  /** One step: what it does is done, unless the process is gone before. The caller hears nothing of the step at which it goes. */
  async step<T>(name: string, run: () => T): Promise<T> {
    if (this.#isOver) return new Promise(() => {});
    const done = run();
    this.steps.push(name);
    if (this.steps.length !== this.#at) return done;
    this.#isOver = true;
    this.#happen('crashed');
    return new Promise(() => {});
  }
}
