/** Lets this process import TypeScript, and `raingauge` from anywhere. */
import module from 'node:module';
import { register } from 'tsx/esm/api';
import { ownModules } from './installation.js';
import * as hooks from './job-hooks.js';

/** What Node has from 22.15 on: hooks on this thread. */
type RegisterHooks = (hooks: { readonly resolve: typeof import('./job-hooks.js').resolve }) => unknown;

let isRegistered = false;

/** Registers the loader of TypeScript, then our hooks in front of it: hooks that are registered last are asked first. */
export function registerLoader(): void {
  if (isRegistered) return;
  isRegistered = true;
  // Run from source, a loader is there. A second one would change functions, and with them the plan's hash.
  if (!import.meta.resolve('./job-hooks.js').endsWith('.ts')) register();
  const { registerHooks } = module as { readonly registerHooks?: RegisterHooks };
  if (registerHooks === undefined) {
    module.register('./job-hooks.js', import.meta.url, { data: ownModules() });
  } else {
    hooks.initialize(ownModules());
    registerHooks({ resolve: hooks.resolve });
  }
}
