import type { StreamError } from '../../src/core/errors.js';
import type { TaskHosts } from '../../src/host/task-worker.js';

export function echoHosts(error: typeof StreamError): TaskHosts;
