/** Opens what a sink spec names. The one place that knows every kind of sink. */
import type { Writable } from 'node:stream';
import { nearest, StreamError } from '../core/errors.js';
import type { TellSetAside } from '../runtime/set-aside.js';
import type { ResultContext, SinkWriter } from '../runtime/sink.js';
import type { World } from '../runtime/world.js';
import { openForeachSink } from './foreach-sink.js';
import { openFormat } from './formats/open-format.js';
import { textFormat } from './formats/text-formats.js';
import { type KafkaSinkSettings, openKafkaSink } from './kafka/sink.js';
import { openMemorySink } from './memory-sink.js';
import { openNoneSink } from './none-sink.js';
import { OpenRequests } from './open-requests.js';
import { contentTypeOf, openReplySink } from './reply-sink.js';
import { openStdoutSink } from './stdout-sink.js';
import { openTextFileSink } from './text-file-sink.js';
import { openWebhookSink, type WebhookSettings } from './webhook-sink.js';

/** A sink as the plan has it: `auto` delivery is decided. */
export interface NamedSink {
  /** Its name in the topology. */
  readonly name: string;
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly delivery: 'record' | 'interval';
}

/** What connectors may use. */
export interface SinkServices {
  readonly world: Pick<World, 'files' | 'clock' | 'scheduler'>;
  /** The job's name. Default: the sink's. */
  readonly job?: string;
  /** A folder that lasts as long as the job's progress, for what connectors keep. Absent: its progress lives in memory. */
  readonly folder?: string;
  /** Default: the process's own. */
  readonly stdout?: Writable;
  /** The job is exactly-once: what is accepted must not be visible before its epoch is committed. Default false. */
  readonly transactional?: boolean;
  /** Requests that wait for results: those of the run's own sources. */
  readonly requests?: OpenRequests;
  /** Hears of results that the other side refuses for good. */
  readonly setAside?: TellSetAside;
}

/** Opens a sink whose spec gives `options`, and functions or data by role. */
type Open = (
  sink: NamedSink,
  role: (role: string) => unknown,
  services: SinkServices,
) => SinkWriter | Promise<SinkWriter>;

const OPENERS: Readonly<Record<string, Open>> = {
  stdout: ({ delivery, options }, _role, { stdout = process.stdout }) =>
    openStdoutSink({ delivery, max: options['max'] as number }, stdout),
  'text-file': async ({ name, options }, _role, { world, transactional }) => {
    const format = await openFormat(options, world.files);
    return openTextFileSink({ name, folder: options['folder'] as string, format }, world.files, transactional);
  },
  kafka: ({ name, options }, _role, { world, job = name, folder, transactional = false }) =>
    openKafkaSink(options as unknown as KafkaSinkSettings, { name, job, transactional, folder, world }),
  memory: ({ options }, role, { transactional }) =>
    openMemorySink(role('results') as unknown[], transactional, options['ids'] === true),
  foreach: ({ name }, role) =>
    openForeachSink(name, role('call') as (value: unknown, context: ResultContext) => unknown),
  webhook: async ({ name, options }, role, { world, setAside = () => undefined }) => {
    const format = (await openFormat(options, world.files)) ?? textFormat;
    const headers = JSON.parse(role('headers') as string) as Readonly<Record<string, string>>;
    const settings = { ...(options as unknown as WebhookSettings), name, format, headers, url: role('url') as string };
    return openWebhookSink(settings, { world, setAside });
  },
  reply: async (
    { name, options },
    _role,
    { world, requests = new OpenRequests(world), setAside = () => undefined },
  ) => {
    const format = await openFormat(options, world.files);
    const { kind } = (options['format'] ?? {}) as { readonly kind?: unknown };
    return openReplySink({ name, format, contentType: contentTypeOf(kind) }, { requests, setAside });
  },
  none: (_sink, _role, { transactional }) => openNoneSink(transactional),
};

/**
 * Opens a sink. `role` finds the functions and the data of its spec: `call`, `results`. With `transactional` a sink that can be
 * exactly-once has `transactions`; one that cannot stays as it is, since no exactly-once job may have it.
 *
 * @throws StreamError `RG006` for an unknown kind.
 */
export async function openSink(
  sink: NamedSink,
  role: (role: string) => unknown,
  services: SinkServices,
): Promise<SinkWriter> {
  const open = Object.hasOwn(OPENERS, sink.kind) ? OPENERS[sink.kind] : undefined;
  if (open !== undefined) return open(sink, role, services);
  const near = nearest(sink.kind, Object.keys(OPENERS));
  throw new StreamError(
    'RG006',
    `nothing can open sink '${sink.name}' of kind '${sink.kind}'`,
    near === undefined ? 'use a sink of raingauge/sinks' : `did you mean '${near}'?`,
  );
}
