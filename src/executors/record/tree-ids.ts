/** Which message each tuple tree belongs to, for events. Used only while someone listens. */

/** Trees that are remembered; older ones have no id in events. */
const TREES_REMEMBERED_MAX = 65_536;

/** Message ids by tree, also of trees that are over: their tuples may still be under way. */
export class TreeIds {
  readonly #ids = new Map<number, number | string>();

  opened(root: number, generation: number, id: number | string): void {
    this.#ids.set(packedTree(root, generation), id);
    if (this.#ids.size > TREES_REMEMBERED_MAX) this.#ids.delete(this.#ids.keys().next().value!);
  }

  /** As `idOf`, of what `packedTree` made of both. */
  idOfPacked(tree: number): number | string | undefined {
    return this.#ids.get(tree);
  }

  idOf(root: number, generation: number): number | string | undefined {
    return this.#ids.get(packedTree(root, generation));
  }
}

/** One number for both; roots are far below 2^21. */
export function packedTree(root: number, generation: number): number {
  return root * 0x1_0000_0000 + (generation >>> 0);
}
