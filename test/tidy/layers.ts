/** The layers of `src`, which of them may import which, and which packages each folder keeps to itself. */
import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import type { ImportOf } from './imports.js';

interface Layer {
  /** Layers it may import in any way. */
  readonly imports: readonly string[];
  /** Layers of which it may only import types. */
  readonly types?: readonly string[];
}

const engine = ['core', 'topology', 'plan', 'kernels', 'runtime'];
const executors = ['executors', 'executors/micro-batch', 'executors/record'];
const belowHost = [...engine, 'connectors', ...executors];
const belowCompare = [...belowHost, 'host'];

/** The table of `docs/ARCHITECTURE.md`. `executors` alone stands for the files that both executors share as a contract. */
const layers: Readonly<Record<string, Layer>> = {
  core: { imports: [] },
  topology: { imports: ['core'] },
  plan: { imports: ['core', 'topology'] },
  kernels: { imports: ['core'], types: ['topology'] },
  runtime: { imports: ['core'], types: ['topology'] },
  connectors: { imports: ['core', 'runtime'], types: ['topology'] },
  executors: { imports: engine },
  'executors/micro-batch': { imports: [...engine, 'executors'] },
  'executors/record': { imports: [...engine, 'executors'] },
  host: { imports: belowHost },
  compare: { imports: belowCompare },
  testing: { imports: [...belowCompare, 'compare'] },
  engines: { imports: ['core', 'topology', 'plan', 'kernels', 'compare'] },
  ui: { imports: [], types: ['core'] },
  cli: { imports: [...belowCompare, 'compare', 'testing', 'engines', 'ui'] },
};

/** The package's entry points: `index.ts` may import anything, the others only the specs. */
const entryPoints: Readonly<Record<string, readonly string[] | 'all'>> = {
  'src/index.ts': 'all',
  'src/sources.ts': ['topology'],
  'src/sinks.ts': ['topology'],
  'src/formats.ts': ['topology'],
};

const noNode = ['core', 'topology', 'plan', 'kernels', ...executors];

/** Who may import a package: paths of files and folders begin with one of these. */
const packageWalls: Readonly<Record<string, readonly string[]>> = {
  rxjs: ['src/executors/record/'],
  kafkajs: ['src/connectors/kafka'],
  avsc: ['src/connectors/formats/'],
  '@platformatic/kafka': ['src/connectors/kafka'],
  fzstd: ['src/connectors/kafka/compression'],
  pino: ['src/runtime/log'],
  'hdr-histogram-js': ['src/runtime/latency'],
  commander: ['src/cli/'],
  tsx: ['src/host/', 'src/cli/'],
  lmdb: ['src/runtime/lmdb'],
};

/** The layer a path under `src` belongs to, or undefined when it lies in none; `executors/other` is none. */
function layerOf(path: string): string | undefined {
  const [folder, ...inner] = path.split('/').slice(1, -1);
  const layer = folder === 'executors' && inner[0] !== undefined ? `${folder}/${inner[0]}` : folder;
  return layer !== undefined && layer in layers ? layer : undefined;
}

/** True where the code also runs in a browser, on a virtual clock. */
export function isPure(path: string): boolean {
  return noNode.includes(layerOf(path) ?? '');
}

/** Says what is wrong with one import of the file at `path` (`src/…`, with slashes), or undefined when nothing is. */
export function importProblem(path: string, imported: ImportOf): string | undefined {
  return imported.specifier.startsWith('.')
    ? relativeImportProblem(path, imported)
    : packageImportProblem(path, imported.specifier);
}

function relativeImportProblem(path: string, { specifier, isTypeOnly }: ImportOf): string | undefined {
  const target = posix.join(posix.dirname(path), specifier);
  if (!target.startsWith('src/')) return `${specifier} leads out of src`;
  const from = layerOf(path);
  const to = layerOf(target);
  const allowed = path in entryPoints ? entryPoints[path] : from === undefined ? undefined : layers[from]?.imports;
  if (allowed === undefined) return 'this file lies in no layer';
  if (allowed === 'all' || (to !== undefined && (to === from || allowed.includes(to)))) return undefined;
  if (to === undefined) return `${specifier} lies in no layer; only a user of the package imports its entry points`;
  if (from === undefined || layers[from]?.types?.includes(to) !== true) return `${from ?? path} must not import ${to}`;
  return isTypeOnly ? undefined : `${from} may import only types of ${to} (import type)`;
}

function packageImportProblem(path: string, specifier: string): string | undefined {
  if (specifier.startsWith('node:')) return isPure(path) ? `${layerOf(path)} must not import ${specifier}` : undefined;
  if (isBuiltin(specifier)) return `${specifier} is spelt node:${specifier}`;
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  const wall = packageWalls[name];
  if (wall === undefined) return `the package ${name} has no wall in test/tidy/layers.ts`;
  return wall.some((start) => path.startsWith(start)) ? undefined : `only ${wall.join(', ')} may import ${name}`;
}
