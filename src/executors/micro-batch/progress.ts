/** How far stream time got, from batch to batch: of each source partition, and of each task behind a shuffle. */
import { floorTo } from '../../core/time.js';
import type { Plan, Stage } from '../../plan/plan.js';
import type { GateState, PartitionTimes, SnapshotMeta } from '../../runtime/durability.js';
import type { Block } from '../../runtime/source.js';
import { WatermarkGate } from '../link.js';
import type { OutputTime } from './shuffle.js';

/** How far a source partition's stream time got. A task's input moves it on. */
export type PartitionTime = { -readonly [K in keyof PartitionTimes]: PartitionTimes[K] };

function newPartitionTime(): PartitionTime {
  return {
    watermark: Number.NEGATIVE_INFINITY,
    nextStep: Number.NEGATIVE_INFINITY,
    highest: Number.NEGATIVE_INFINITY,
    sent: Number.NEGATIVE_INFINITY,
  };
}

/** How far a partition's stream time is behind these blocks: as far as a task brings it that runs them (`BlockInput`). */
export function timeBehind(blocks: readonly Block[], before: PartitionTimes, step: number): PartitionTimes {
  let { watermark, highest } = before;
  for (const { values, timestamps, heartbeats } of blocks) {
    for (let i = 0; i < values.length; i++) if (timestamps[i]! > highest) highest = timestamps[i]!;
    for (const heartbeat of heartbeats) watermark = Math.max(watermark, heartbeat.watermark);
  }
  watermark = Math.max(watermark, highest);
  if (watermark === before.watermark) return { ...before, highest };
  const sent = floorTo(watermark, step);
  return { watermark, highest, nextStep: sent + step, sent: Math.max(before.sent, sent) };
}

/** What a batch brings to a task's gate. */
export type GateNews =
  | { readonly kind: 'same' }
  | { readonly kind: 'rose'; readonly minimum: number }
  /** Its last input ended. */
  | { readonly kind: 'ended'; readonly finalWatermark: number; readonly highest: number };

/** Stream time of a whole job. */
export class Progress {
  readonly #plan: Plan;
  readonly #times = new Map<string, PartitionTime>();
  /** By stage and task. */
  readonly #gates: readonly (readonly WatermarkGate[])[];

  constructor(plan: Plan, restored: SnapshotMeta | undefined) {
    this.#plan = plan;
    for (const { source, partition, times } of restored?.sources ?? [])
      this.#times.set(`${source}:${partition}`, { ...times });
    this.#gates = plan.stages.map((stage) => {
      const inputs = stage.inputs.reduce((sum, input) => sum + plan.stages[input.stage]!.parallelism, 0);
      return Array.from(
        { length: stage.parallelism },
        (_, task) => new WatermarkGate(inputs, restored?.gates[`${stage.id}:${task}`]),
      );
    });
  }

  timeOf(source: string, partition: number): PartitionTime {
    const name = `${source}:${partition}`;
    let time = this.#times.get(name);
    if (time === undefined) {
      time = newPartitionTime();
      this.#times.set(name, time);
    }
    return time;
  }

  /** The gate of a task behind an exchange. */
  gateOf(stage: number, task: number): WatermarkGate {
    return this.#gates[stage]![task]!;
  }

  /** Takes what the producing tasks tell, in order, into the gate of the task that reads. */
  hear(stage: Stage, task: number, producers: readonly OutputTime[]): GateNews {
    const gate = this.gateOf(stage.id, task);
    const hadEnded = gate.ended;
    const before = gate.minimum;
    for (const [producer, { watermark, end }] of producers.entries()) {
      gate.advance(producer, watermark);
      if (end !== undefined) gate.end(producer, end.finalWatermark, end.highest);
    }
    if (gate.ended && !hadEnded) return { kind: 'ended', finalWatermark: gate.finalWatermark, highest: gate.highest };
    return gate.minimum > before ? { kind: 'rose', minimum: gate.minimum } : { kind: 'same' };
  }

  /** Of each task behind an exchange, by `stage:task`. */
  gates(): Record<string, GateState> {
    const states: Record<string, GateState> = {};
    for (const { id, inputs } of this.#plan.stages) {
      if (inputs.length === 0) continue;
      for (const [task, gate] of this.#gates[id]!.entries()) states[`${id}:${task}`] = gate.state();
    }
    return states;
  }
}
