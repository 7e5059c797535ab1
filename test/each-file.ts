/** Runs before each test file, also where files share a process and its modules. */
import { afterAll } from 'vitest';
import { loadExecutors } from '../src/host/executors.js';
import { removeFolders } from './folders.js';

// Virtual time does not pass while a module is loaded.
await loadExecutors();
afterAll(removeFolders, 60_000);
