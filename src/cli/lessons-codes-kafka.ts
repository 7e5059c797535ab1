/** The lessons of the codes about Kafka. */
import type { Lesson } from './lessons.js';

export const KAFKA_LESSONS = {
  RG080: {
    title: 'the topic is not what the job takes it for',
    text: `
The topic that a source or a sink names is not there, or was deleted and made again with fewer
partitions than it had when the job began. raingauge makes no topics by itself,
since a misspelt name would then be a new one. Make it with the tools of Kafka, or

  raingauge kafka topic lines --partitions 3 --brokers 127.0.0.1:9092

A topic that gets more partitions is no error: they are found within seconds, and read from
their beginning by the partitions that the job has.`,
    see: ['RG064', 'RG081'],
  },
  RG081: {
    title: 'Kafka says no',
    text: `
A broker answered, and refused: user or password, a right that is missing, TLS that does not
fit, a message that is too large, a consumer group that others use, a compression that this
Node.js cannot undo; or it gave bytes that are damaged. Trying again would not help.

Passwords come from the environment and never stand in a job or a URI:

  KAFKA_PASSWORD=… raingauge run job.ts --mode record \\
    --source 'lines=kafka://host:9093/lines?tls=true&sasl=plain&username=me'

A receiver (receiver: true) joins its consumer group. If others are in that group with another
protocol than Java's 'range', or a direct stream commits in the name of a group that has
receivers, Kafka refuses: give each a group of its own.

A run is also shut out when the same job was started again elsewhere with exactly-once: the
newer one may write, the older one must not. So is one that stood still for longer than a
transaction may last (transactionTimeout of the sink, 60 s): start it again, and it goes on
behind the last epoch that Kafka has. If an epoch has so many results that they cannot be
written within that time, give the sink more of it: kafka://HOST:PORT/counts?transactionTimeout=5m`,
    see: ['RG043', 'RG080'],
  },
} satisfies Readonly<Record<string, Lesson>>;
