/** Before the files that share a process: virtual time does not pass while an executor is loaded, so both are there. */
import { loadExecutors } from '../src/host/executors.js';

await loadExecutors();
