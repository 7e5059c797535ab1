/** Opens what a source spec names. The one place that knows every kind of source. */
import type { Readable } from 'node:stream';
import { nearest, StreamError } from '../core/errors.js';
import type { TellSetAside } from '../runtime/set-aside.js';
import type { RawSource, ReceiverNews } from '../runtime/source.js';
import { laterPositions, rawPositions } from '../runtime/stamp-position.js';
import type { World } from '../runtime/world.js';
import type { Receiver } from '../topology/receiver-spec.js';
import { type FolderSettings, openFolderSource } from './folder-source.js';
import { openDecoding } from './formats/open-format.js';
import { type GeneratorSettings, openGenerator } from './generator-source.js';
import { type HttpSettings, openHttpSource } from './http-source.js';
import type { KafkaSourceSettings } from './kafka/open-topic.js';
import { kafkaPartitions, openKafkaSource } from './kafka/source.js';
import { startFileOf } from './kafka/start-offsets.js';
import { openMemorySource } from './memory-source.js';
import type { OpenRequests } from './open-requests.js';
import { openReceiver } from './receiver-source.js';
import { openStdinSource } from './stdin-source.js';
import { openTailSource, type TailSettings } from './tailed-file-source.js';
import { openTcpServerSource, type TcpServerSettings } from './tcp-server-source.js';
import { openTcpSource, type TcpSettings } from './tcp-source.js';
import { openTextFileSource, type TextFileSettings } from './text-file-source.js';

/** A source as the graph has it. */
export interface NamedSource {
  /** Its name in the topology. */
  readonly name: string;
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What connectors may use. */
export interface SourceServices {
  readonly world: Pick<World, 'clock' | 'scheduler' | 'files' | 'prng'>;
  /** Default: the process's own. */
  readonly stdin?: Readable;
  /**
   * Records of each partition that an earlier process has read: a source that can be read again goes on behind them. What comes from
   * elsewhere, as on a connection, just goes on.
   */
  readonly from?: readonly number[];
  /** What `position` of each stamped partition gave there, where it is known. */
  readonly resume?: readonly unknown[];
  /** Hears of records that do not decode. */
  readonly setAside?: TellSetAside;
  /** Hears what becomes of a receiver's connection. */
  readonly tell?: (news: ReceiverNews) => void;
  /** The job's name. Absent where input is only recorded: then nothing is told to anybody else. */
  readonly job?: string;
  /** Requests that wait for results. Absent where input is only recorded. */
  readonly requests?: OpenRequests;
  /** A folder that lasts as long as the job's progress, for what connectors keep. Absent: a restart begins anew. */
  readonly folder?: string;
}

/** Opens a source whose spec gives `options`, and functions or data by role. */
type Open = (
  source: NamedSource,
  role: (role: string) => unknown,
  services: SourceServices,
) => RawSource | Promise<RawSource>;

const OPENERS: Readonly<Record<string, Open>> = {
  'text-file': async ({ name, options }, _role, { world, from: [from] = [], resume = [], setAside }) => {
    const start = from === undefined ? undefined : { name, from, position: rawPositions(resume)[0] };
    const decoding = await openDecoding(options, world.files, setAside);
    return openTextFileSource(options as unknown as TextFileSettings, world.files, start, decoding);
  },
  folder: async ({ name, options }, _role, { world, from = [], resume = [], setAside }) => {
    const [positions, later] = [rawPositions(resume), laterPositions(resume)];
    const starts = from.map((records, index) => {
      const [position, ahead] = [positions[index], later[index]];
      return { name, from: records, position, later: ahead };
    });
    const decoding = await openDecoding(options, world.files, setAside);
    return openFolderSource(options as unknown as FolderSettings, world, starts, decoding);
  },
  tail: async ({ name, options }, _role, { world, from: [from] = [], resume = [], setAside }) => {
    const [position, later] = [rawPositions(resume)[0], laterPositions(resume)[0]];
    const start = from === undefined ? undefined : { name, from, position, later };
    const decoding = await openDecoding(options, world.files, setAside);
    return openTailSource(options as unknown as TailSettings, world.files, start, decoding);
  },
  generator: ({ name, options }, role, { world, from }) => {
    const { count = Number.POSITIVE_INFINITY, partitions = 1, seed } = options as { readonly [name: string]: number };
    const make = role('make') as GeneratorSettings['make'];
    const seeded = seed ?? world.prng.fork(`source:${name}`).int32();
    return openGenerator({ name, make, count, partitions, seed: seeded, from });
  },
  kafka: async ({ name, options }, _role, { world, from = [], resume = [], job, folder, setAside, tell }) => {
    const settings = options as unknown as KafkaSourceSettings;
    const isNamed = typeof settings.format === 'string';
    return openKafkaSource(isNamed ? settings : { ...settings, format: 'text' }, {
      ...{ name, world, job, folder, from },
      positions: rawPositions(resume),
      later: laterPositions(resume),
      decoding: isNamed ? undefined : await openDecoding(options, world.files, setAside),
      tell: tell ?? (() => undefined),
    });
  },
  memory: ({ name }, role, { from = [] }) =>
    openMemorySource(role('values') as readonly (readonly unknown[])[], { name, from }),
  receiver: ({ name }, role, { world, from: [before] = [], tell }) =>
    openReceiver(role('create') as () => Receiver<unknown>, { name, world, before, tell }),
  stdin: async ({ options }, _role, { world, stdin = process.stdin, setAside }) => {
    const decoding = await openDecoding(options, world.files, setAside);
    return openStdinSource(options as unknown as Parameters<typeof openStdinSource>[0], stdin, decoding);
  },
  tcp: async ({ options }, _role, { world, setAside, tell }) =>
    openTcpSource(options as unknown as TcpSettings, world, tell, await openDecoding(options, world.files, setAside)),
  'tcp-server': async ({ options }, _role, { world, setAside = () => undefined }) => {
    const decoding = await openDecoding(options, world.files, setAside);
    return openTcpServerSource(options as unknown as TcpServerSettings, setAside, decoding);
  },
  http: async ({ name, options }, _role, { world, from: [from] = [], setAside, requests }) => {
    const decoding = await openDecoding(options, world.files, setAside);
    return openHttpSource(options as unknown as HttpSettings, world, decoding, from, { name, requests });
  },
};

/**
 * Opens a source. `role` finds the functions and the data of its spec: `make`, `values`.
 *
 * @throws StreamError `RG040`, `RG041`, `RG043`, `RG050` for what is not there, `RG064` for what is not what it was, `RG006` for an unknown kind.
 */
export async function openSource(
  source: NamedSource,
  role: (role: string) => unknown,
  services: SourceServices,
): Promise<RawSource> {
  const open = Object.hasOwn(OPENERS, source.kind) ? OPENERS[source.kind] : undefined;
  if (open !== undefined) return open(source, role, services);
  const near = nearest(source.kind, Object.keys(OPENERS));
  throw new StreamError(
    'RG006',
    `nothing can open source '${source.name}' of kind '${source.kind}'`,
    near === undefined ? 'use a source of raingauge/sources' : `did you mean '${near}'?`,
  );
}

/** What a job's earlier life may have left. */
export interface EarlierLife {
  /** The folder for what connectors keep. */
  readonly folder: string;
  readonly files: World['files'];
}

/** Kinds of sources whose number of partitions stands elsewhere, and how it is asked for. */
const PARTITIONS: Readonly<Record<string, (source: NamedSource, earlier: EarlierLife | undefined) => Promise<number>>> =
  {
    kafka: ({ name, options }, earlier) => {
      const begun = earlier && startFileOf(earlier.folder, name, earlier.files);
      return kafkaPartitions(options as unknown as KafkaSourceSettings, begun);
    },
  };

/** How many partitions the source has in this job; undefined where its spec says it. @throws StreamError as `openSource`. */
export async function partitionsOf(source: NamedSource, earlier: EarlierLife | undefined): Promise<number | undefined> {
  return Object.hasOwn(PARTITIONS, source.kind) ? PARTITIONS[source.kind]!(source, earlier) : undefined;
}
