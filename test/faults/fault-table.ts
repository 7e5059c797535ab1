/** Every fault that raingauge is meant to meet, with the tests that show what becomes of it. docs/guarantees.md prints it. */
import type { FaultRow } from './fault-row.js';
import { FAULTS_OF_DRIVERS } from './faults-of-drivers.js';
import { FAULTS_OF_SOURCES } from './faults-of-sources.js';
import { FAULTS_OF_STORAGE } from './faults-of-storage.js';
import { FAULTS_OF_TASKS } from './faults-of-tasks.js';

export const FAULT_TABLE: readonly FaultRow[] = [
  ...FAULTS_OF_SOURCES,
  ...FAULTS_OF_STORAGE,
  ...FAULTS_OF_TASKS,
  ...FAULTS_OF_DRIVERS,
];
