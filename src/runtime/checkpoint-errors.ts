/** What a restart may find wrong with what an earlier run left, as errors that say what to do. */
import { StreamError } from '../core/errors.js';

/** Damage: `RG054`. */
export function damaged(path: string, what: string, cause?: unknown): StreamError {
  const hint =
    'restore the folder from a copy; or begin anew with fromScratch (--from-scratch), which sets what is there aside';
  return new StreamError('RG054', `'${path}' is damaged: ${what}`, hint, { cause });
}

/** A format of the future: `RG055`. */
export function newer(path: string, what: string, known: number): StreamError {
  const message = `'${path}' has ${what}; this raingauge reads versions up to ${known}`;
  return new StreamError('RG055', message, 'use the raingauge that wrote it, or a newer one');
}
