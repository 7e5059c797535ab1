/**
 * Module hooks for job files, on the loader's thread: `raingauge` is this installation also where nothing is installed, and
 * a job with `import` is an ES module also where no package.json says so. It knows nothing of topologies.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Resolved {
  readonly url: string;
  readonly format?: string | null;
  readonly shortCircuit?: boolean;
}

type NextResolve = (specifier: string, context: unknown) => Resolved | Promise<Resolved>;

let ownModules: Readonly<Record<string, string>> = {};

/** Gets the URLs of `ownModules`. Called by Node when the hooks are registered. */
export function initialize(modules: Readonly<Record<string, string>>): void {
  ownModules = modules;
}

/** Called by Node for each import; synchronous hooks give synchronous results. */
export function resolve(specifier: string, context: unknown, nextResolve: NextResolve): Resolved | Promise<Resolved> {
  const own = ownModules[specifier];
  if (own !== undefined) return { url: own, format: 'module', shortCircuit: true };
  const resolved = nextResolve(specifier, context);
  return resolved instanceof Promise ? resolved.then(asModule) : asModule(resolved);
}

function asModule(resolved: Resolved): Resolved {
  const path = resolved.url.replace(/[?#].*$/, '');
  if (!path.startsWith('file:') || path.includes('/node_modules/')) return resolved;
  if (path.endsWith('.ts')) return { ...resolved, format: 'module' };
  return path.endsWith('.js') && hasImports(fileURLToPath(path)) ? { ...resolved, format: 'module' } : resolved;
}

function hasImports(path: string): boolean {
  try {
    return /^\s*(?:import\s*[\w{*'"]|export\s+(?:default|const|function|class|let|async|\{|\*))/m.test(
      readFileSync(path, 'utf8'),
    );
  } catch {
    return false;
  }
}
