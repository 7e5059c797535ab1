/** What the process used while a mode ran: processor time, heap, garbage collection, delay of the event loop. */
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { ResourceUse } from './result.js';

/** A measurement in progress. */
export interface Probe {
  /** Ends it. */
  stop(): ResourceUse;
}

/** How often the heap is looked at (ms). */
const HEAP_EVERY_MS = 100;
/** Resolution of the event-loop delay (ms); the histogram holds intervals, so this much is no delay. */
const LOOP_RESOLUTION_MS = 10;

/** Starts measuring. One at a time, since everything belongs to the whole process. */
export function startProbe(): Probe {
  let gcPauseMs = 0;
  let heapMax = getHeapStatistics().used_heap_size;
  const lookAtHeap = (): void => {
    heapMax = Math.max(heapMax, getHeapStatistics().used_heap_size);
  };
  const collections = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) gcPauseMs += entry.duration;
  });
  collections.observe({ entryTypes: ['gc'] });
  const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  delay.enable();
  const timer = setInterval(lookAtHeap, HEAP_EVERY_MS).unref();
  const before = process.cpuUsage();
  return {
    stop: () => {
      const { user, system } = process.cpuUsage(before);
      clearInterval(timer);
      lookAtHeap();
      for (const entry of collections.takeRecords()) gcPauseMs += entry.duration;
      collections.disconnect();
      delay.disable();
      return {
        cpuUserMs: user / 1_000,
        cpuSystemMs: system / 1_000,
        heapMbMax: heapMax / 1e6,
        gcPauseMs,
        eventLoopDelayMsP99: Math.max(0, delay.percentile(99) / 1e6 - LOOP_RESOLUTION_MS),
      };
    },
  };
}

/** What a mode that never ran used. */
export const NO_USE: ResourceUse = { cpuUserMs: 0, cpuSystemMs: 0, heapMbMax: 0, gcPauseMs: 0, eventLoopDelayMsP99: 0 };
