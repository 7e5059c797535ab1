/** A tuple as the engine hands it to a bolt: what it carries, and what the bolt has answered. It knows no tree and no batch. */
import type { Tuple, Values } from './components.js';

export class DeliveredTuple implements Tuple {
  readonly values: Values;
  readonly sourceComponent: string;
  readonly sourceTask: number;
  readonly sourceStream: string;
  readonly timestamp: number;
  answer: 'none' | 'acked' | 'failed' = 'none';

  constructor(values: Values, sourceComponent: string, sourceTask: number, sourceStream: string, timestamp: number) {
    this.values = values;
    this.sourceComponent = sourceComponent;
    this.sourceTask = sourceTask;
    this.sourceStream = sourceStream;
    this.timestamp = timestamp;
  }
}
