/** What goes to another host at the end of a turn, gathered for one message. */
import type { EdgeRows } from './messages.js';

/** One host's share of a turn. */
export class Outbox {
  edges: EdgeRows[] = [];
  processed: number[] = [];

  get isEmpty(): boolean {
    return this.edges.length === 0 && this.processed.length === 0;
  }

  take(): { readonly edges: readonly EdgeRows[]; readonly processed: readonly number[] } {
    const taken = { edges: this.edges, processed: this.processed };
    this.edges = [];
    this.processed = [];
    return taken;
  }
}
