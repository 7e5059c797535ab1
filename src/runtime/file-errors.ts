/** What goes wrong with files of the host, as errors that say what to do. It must not know what a file is for. */
import { StreamError } from '../core/errors.js';

/** A file that cannot be read: `RG040`. */
export function unreadable(path: string, cause: unknown): StreamError {
  if (cause instanceof StreamError) return cause;
  const code = errnoOf(cause);
  if (code === 'ENOENT') {
    return new StreamError('RG040', `there is no file '${path}'`, 'check the path and the folder you are in', {
      cause,
    });
  }
  const why = code === 'EACCES' || code === 'EPERM' ? 'you may not read it' : code;
  return new StreamError('RG040', `the file '${path}' cannot be read: ${why}`, 'check its permissions', { cause });
}

/** Another file than the one that was meant has its name by now: `RG064`. */
export function anotherFile(path: string): StreamError {
  return new StreamError('RG064', `another file has the name '${path}' by now`, 'put the old file back', {
    cause: { code: 'ESTALE' },
  });
}

/** An output that cannot be written: `RG046`. */
export function unwritable(path: string, cause: unknown): StreamError {
  const hint = 'check the folder, its permissions and the space left';
  return new StreamError('RG046', `'${path}' cannot be written: ${errnoOf(cause)}`, hint, { cause });
}

/** A checkpoint or log that cannot be written: `RG057`. */
export function unsafe(path: string, cause: unknown): StreamError {
  if (cause instanceof StreamError && cause.code === 'RG057') return cause;
  const code = errnoOf(cause);
  return new StreamError('RG057', `'${path}' cannot be written: ${reasons[code] ?? code}`, hintFor(code), { cause });
}

/** A folder in place of a file: `RG041`. */
export function notAFile(path: string): StreamError {
  return new StreamError('RG041', `'${path}' is a folder, but a file is needed`, 'name a file in it');
}

/** A file in place of a folder for checkpoints: `RG057`. */
export function notAFolder(path: string): StreamError {
  return new StreamError(
    'RG057',
    `'${path}' is a file, but a folder is needed`,
    'name a folder, or one that is not there yet',
  );
}

/** A file above what its reader takes: `RG044`. */
export function tooLarge(path: string, bytes: number, max: number): StreamError {
  const message = `'${path}' has ${bytes} bytes; at most ${max} are read`;
  return new StreamError('RG044', message, 'check that it is the file that was meant');
}

/** A lock that another process holds: `RG052`. `host` is given when it is not this one. */
export function lockHeld(path: string, pid: number | undefined, host?: string): StreamError {
  const who = pid === undefined ? 'another driver' : `the process ${pid}`;
  const where = host === undefined ? '' : ` on '${host}'`;
  const message = `'${path}' is held by ${who}${where}; one driver at a time may use a checkpoint folder`;
  const hint =
    host === undefined
      ? 'stop that process, or name another folder'
      : `make sure that it no longer runs, then remove '${path}'`;
  return new StreamError('RG052', message, hint);
}

/** The code that the system gave, such as `ENOSPC`, or what else the cause says. */
export function errnoOf(cause: unknown): string {
  if (cause instanceof StreamError) return cause.message;
  return (cause as NodeJS.ErrnoException).code ?? String(cause);
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left (ENOSPC)',
  EDQUOT: 'your quota is used up (EDQUOT)',
  EROFS: 'the file system is read-only (EROFS)',
  EACCES: 'you may not write it (EACCES)',
  EPERM: 'you may not write it (EPERM)',
  EIO: 'the disk reports an error (EIO)',
  ENOENT: 'its folder is gone (ENOENT)',
  EEXIST: 'it is already there (EEXIST)',
};

function hintFor(code: string): string {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'free some space and start again: the job goes on from its last checkpoint';
    case 'EIO':
      return 'check the disk, then start again: the job goes on from its last checkpoint';
    default:
      return 'check the folder and its permissions, then start again';
  }
}
