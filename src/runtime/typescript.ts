/** How this package's own modules are loaded when they are run from source, as tests do. */

/** The URL of a module of tsx. Only ever needed from source: `dist` loads its workers without it. */
export function tsxModule(specifier: 'tsx' | 'tsx/esm/api'): string {
  return import.meta.resolve(specifier);
}
