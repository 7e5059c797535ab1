/** How long calls of random jobs take: time of the World in which the job at hand runs, or none. */
import type { World } from '../../../src/runtime/world.js';

type Running = Pick<World, 'clock' | 'scheduler'>;

let running: Running | undefined;

/** From now on calls take time of this World; without one they end as soon as promises do. */
export function callsTakeTimeOf(world: Running | undefined): void {
  running = world;
}

/** Resolves so much later (us). What began in a World that is gone never ends. */
export async function later(time: number): Promise<void> {
  const world = running;
  if (world === undefined || time === 0) return;
  await new Promise<void>((resolve) => void world.scheduler.at(world.clock.now() + time, resolve));
}
