/** What a task worker runs in each model. */
import { createMicroBatchHost } from '../executors/micro-batch/task-host.js';
import { createRecordHost } from '../executors/record/task-host.js';
import type { TaskHosts } from './task-worker.js';

export const TASK_HOSTS: TaskHosts = { 'micro-batch': createMicroBatchHost, record: createRecordHost };
