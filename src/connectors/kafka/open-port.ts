/** Opens the client that a spec names, and says in one way what is wrong when it cannot be opened. */
import { StreamError } from '../../core/errors.js';
import { type KafkaConnection, KafkaFailure, type KafkaPort } from './port.js';

/** Options that a source and a sink share, as their specs have them. */
export interface KafkaSettings extends KafkaConnection {
  readonly topic: string;
  readonly client: 'kafkajs' | 'platformatic';
}

/** Opens a client. @throws StreamError `RG043` when no broker answers, `RG081` when one refuses, `RG050` without the package. */
export async function openKafkaPort(settings: Omit<KafkaSettings, 'topic'>): Promise<KafkaPort> {
  try {
    switch (settings.client) {
      case 'kafkajs':
        return await (await import('./kafkajs-port.js')).openKafkaJS(settings);
      case 'platformatic':
        return await (await import('./platformatic-port.js')).openPlatformatic(settings);
    }
  } catch (thrown) {
    throw kafkaError(settings.brokers, thrown);
  }
}

/** A failure of the client as an error for people. Anything else stays what it is. */
export function kafkaError(brokers: readonly string[], thrown: unknown): unknown {
  if (!(thrown instanceof KafkaFailure)) return thrown;
  const cluster = brokers.join(', ');
  const { kind, message, cause, hint } = thrown;
  switch (kind) {
    case 'transient':
      return new StreamError(
        'RG043',
        `no connection to Kafka at ${cluster}: ${message}`,
        'start it (raingauge kafka up starts one on this machine), or correct the address',
        { cause },
      );
    case 'fenced':
      return new StreamError(
        'RG081',
        `Kafka at ${cluster} has shut this run out: another run of the same job writes, or this one was held up for longer than a transaction may last: ${message}`,
        'let one of two runs end, for each needs a name of its own; if there is only this one, start it again: it goes on behind the last epoch that Kafka has (a sink whose epochs take longer needs a longer transactionTimeout)',
        { cause },
      );
    case 'refused':
      return new StreamError(
        'RG081',
        `Kafka at ${cluster} refuses: ${message}`,
        hint ?? 'check user, rights and settings of the cluster',
        { cause },
      );
  }
}
