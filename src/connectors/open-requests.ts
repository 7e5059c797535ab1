/** Requests that wait for a result: the ends of one run share it. A source begins them, a sink answers them. It knows no format. */
import { assert } from '../core/assert.js';
import type { Clock, Scheduler, Timer } from '../runtime/world.js';
import type { Answer } from './http-receipts.js';

interface Waiting {
  /** Offset of its record. */
  readonly offset: number;
  readonly answer: Answer;
  readonly timer: Timer;
}

/** What became of the requests of one source, beside their results. */
interface Counted {
  /** Those whose time was over first. */
  readonly unansweredRequests: number;
  /** Results for requests that nobody waits for: answered before, given up, or of an earlier life of the job. */
  readonly lateReplies: number;
}

/** The requests of one source, by id, oldest first. As many at most as the source's `requestsMax`. */
class SourceRequests {
  readonly waiting = new Map<string, Waiting>();
  unanswered = 0;
  late = 0;

  /** Its one answer. False where nobody waits for it. */
  end(id: string, ...answer: Parameters<Answer>): boolean {
    const request = this.waiting.get(id);
    if (request === undefined) return false;
    this.forget(id);
    request.answer(...answer);
    return true;
  }

  forget(id: string): void {
    this.waiting.get(id)?.timer.cancel();
    this.waiting.delete(id);
  }
}

/** Each request is answered once: by the first result that has its id, or by what keeps it from having one. */
export class OpenRequests {
  readonly #world: { readonly clock: Clock; readonly scheduler: Scheduler };
  readonly #sources = new Map<string, SourceRequests>();
  /** Tells the ids of this life of the job from those of others. */
  readonly #life: string;
  #begun = 0;

  constructor(world: { readonly clock: Clock; readonly scheduler: Scheduler }) {
    this.#world = world;
    this.#life = Math.floor(world.clock.now()).toString(36);
  }

  /** A source that takes requests; from now on what comes too late for one is counted. */
  open(source: string): void {
    this.#sources.set(source, new SourceRequests());
  }

  /** A request whose record is at `offset` of the source; after `timeout` (us) it is answered 504. Returns its id. */
  begin(source: string, offset: number, timeout: number, answer: Answer): string {
    const id = `${source}/${this.#life}-${++this.#begun}`;
    const requests = this.#of(source);
    const { clock, scheduler } = this.#world;
    const timer = scheduler.at(clock.now() + timeout, () => {
      if (requests.end(id, 504, 'no result came in time\n')) requests.unanswered++;
    });
    requests.waiting.set(id, { offset, answer, timer });
    return id;
  }

  /** Whether a result would be an answer. */
  isAwaited(id: string): boolean {
    return this.#sourceOf(id)?.waiting.has(id) === true;
  }

  /** The first result of a request is its answer; one that comes too late is counted. */
  reply(id: string, body: string | Uint8Array, contentType: string): void {
    const requests = this.#sourceOf(id);
    if (requests?.end(id, 200, body, contentType) === false) requests.late++;
  }

  /** A result came too late to be looked at. */
  tooLate(id: string): void {
    const requests = this.#sourceOf(id);
    if (requests !== undefined) requests.late++;
  }

  /** The result of a request cannot be an answer. */
  fail(id: string, code: string): void {
    this.#sourceOf(id)?.end(id, 500, `the request failed with ${code}\n`);
  }

  /** The record was set aside for good. */
  setAside(source: string, offset: number | string, code: string): void {
    const requests = this.#sources.get(source);
    if (requests === undefined) return;
    for (const [id, request] of requests.waiting)
      if (request.offset === offset) {
        requests.end(id, 500, `the request failed with ${code}\n`);
        return;
      }
  }

  /** The client is gone. */
  forget(source: string, id: string): void {
    this.#of(source).forget(id);
  }

  /** Requests of a source that wait. */
  count(source: string): number {
    return this.#of(source).waiting.size;
  }

  counted(source: string): Counted {
    const { unanswered, late } = this.#of(source);
    return { unansweredRequests: unanswered, lateReplies: late };
  }

  /** No result will come any more. */
  close(source: string): void {
    const requests = this.#of(source);
    for (const id of [...requests.waiting.keys()])
      requests.end(id, 503, 'the job has ended before there was a result\n');
  }

  /** An id that is none of ours may name any source, and no list grows by it. */
  #sourceOf(id: string): SourceRequests | undefined {
    return this.#sources.get(id.slice(0, id.lastIndexOf('/')));
  }

  #of(source: string): SourceRequests {
    const requests = this.#sources.get(source);
    assert(requests !== undefined, 'a source opens before it takes requests');
    return requests;
  }
}
