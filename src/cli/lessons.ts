/** The lessons of `raingauge explain TOPIC`, found by topic or error code. */
import { ERRORS, type ErrorCode } from '../core/errors.js';
import { JOB_LESSONS } from './lessons-codes.js';
import { INPUT_LESSONS } from './lessons-codes-input.js';
import { KAFKA_LESSONS } from './lessons-codes-kafka.js';
import { RECOVERY_LESSONS } from './lessons-codes-recovery.js';
import { RUN_LESSONS } from './lessons-codes-run.js';
import { GUARANTEE_LESSONS } from './lessons-guarantees.js';
import { MODEL_LESSONS } from './lessons-models.js';
import { TIME_LESSONS } from './lessons-time.js';

/** A lesson: what is meant in a line, then about 20 lines, then where to go on. */
export interface Lesson {
  readonly title: string;
  readonly text: string;
  readonly see: readonly string[];
}

const TOPICS: Readonly<Record<string, Lesson>> = { ...MODEL_LESSONS, ...TIME_LESSONS, ...GUARANTEE_LESSONS };
const CODES: Readonly<Record<ErrorCode, Lesson>> = {
  ...JOB_LESSONS,
  ...INPUT_LESSONS,
  ...RUN_LESSONS,
  ...RECOVERY_LESSONS,
  ...KAFKA_LESSONS,
};

/** Other words for a topic or a code. */
const ALIASES: Readonly<Record<string, string>> = {
  checkpoints: 'checkpoint',
  workers: 'worker',
  fault: 'RG063',
  faults: 'RG063',
  kill: 'RG063',
  crash: 'recovery',
  barrier: 'recovery',
  state: 'checkpoint',
  ack: 'acker',
  acking: 'acker',
};

/** Every topic, then every code. */
export function topics(): readonly string[] {
  return [...Object.keys(TOPICS), ...Object.keys(CODES)];
}

/** The text of a lesson, or undefined when there is no such topic. Case does not matter; blanks count as hyphens. */
export function lessonOf(what: string): string | undefined {
  const asked = what.trim().replaceAll(/[\s_]+/g, '-');
  const name = ALIASES[asked.toLowerCase()] ?? asked;
  const code = name.toUpperCase();
  if (code in CODES)
    return format(
      `${code}: ${ERRORS[code as ErrorCode].title} (exit code ${ERRORS[code as ErrorCode].exit})`,
      CODES[code as ErrorCode],
    );
  const topic = TOPICS[name.toLowerCase()];
  return topic === undefined ? undefined : format(`${name.toLowerCase()}: ${topic.title}`, topic);
}

function format(title: string, lesson: Lesson): string {
  const see = lesson.see.length === 0 ? '' : `\nsee also: ${lesson.see.join(', ')}   (raingauge explain TOPIC)\n`;
  return `${title}\n\n${lesson.text.replace(/^\n+/, '').trimEnd()}\n${see}`;
}
