/** Files in which some calls do what a test says. */
import { StreamError } from '../../src/core/errors.js';
import type { Files, OpenFile } from '../../src/runtime/world.js';

export interface FileDecoration {
  readonly write?: (file: OpenFile, data: Uint8Array, path: string) => Promise<void>;
  readonly sync?: (file: OpenFile, path: string) => Promise<void>;
}

export function decorated(files: Files, on: FileDecoration, calls: Partial<Files> = {}): Files {
  const create = async (path: string): Promise<OpenFile> => {
    const file = await files.create(path);
    return {
      write: (data) => (on.write === undefined ? file.write(data) : on.write(file, data, path)),
      sync: () => (on.sync === undefined ? file.sync() : on.sync(file, path)),
      close: () => file.close(),
    };
  };
  const own: Partial<Files> = { create, ...calls };
  return new Proxy(files, {
    get: (target, name) =>
      Reflect.get(own, name) ?? (Reflect.get(target, name) as (...given: unknown[]) => unknown).bind(target),
  });
}

/** What real files throw when the disk does. */
export function diskError(errno: string): StreamError {
  return new StreamError('RG057', `cannot be written: ${errno}`, 'check the disk', { cause: { code: errno } });
}
