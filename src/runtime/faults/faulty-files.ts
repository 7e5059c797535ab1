/** Files that fail as a fault plan says: failing writes and syncs, torn writes, a full disk. Everything else passes. */
import { StreamError } from '../../core/errors.js';
import type { Files, OpenFile } from '../world.js';
import type { Fault, FaultPlan } from './fault-plan.js';

type FileFault = Extract<Fault, { readonly kind: 'fail-write' | 'fail-sync' | 'torn-write' | 'disk-full' }>;

/** Decorates files. Without faults for files they are given back as they are. */
export function faultyFiles(files: Files, plan: FaultPlan): Files {
  const faults = plan.filter((fault): fault is FileFault => fault.kind in ERRNO).map((fault) => ({ fault, count: 0 }));
  if (faults.length === 0) return files;

  /** The fault that strikes this operation, if one does. */
  function strikes(path: string, operation: 'write' | 'sync'): FileFault | undefined {
    let struck: FileFault | undefined;
    for (const entry of faults) {
      const { kind, target, nth, times } = entry.fault;
      if ((kind === 'fail-sync' ? 'sync' : 'write') !== operation || !path.includes(target)) continue;
      entry.count += 1;
      if (entry.count >= nth && entry.count < nth + times) struck ??= entry.fault;
    }
    return struck;
  }

  const check = (path: string, operation: 'write' | 'sync'): void => {
    const fault = strikes(path, operation);
    if (fault !== undefined) throw failed(path, fault);
  };

  const wrap = (path: string, file: OpenFile): OpenFile => ({
    write: async (bytes) => {
      const fault = strikes(path, 'write');
      if (fault === undefined) return file.write(bytes);
      if (fault.kind === 'torn-write') await file.write(bytes.subarray(0, bytes.length >> 1));
      throw failed(path, fault);
    },
    sync: async () => {
      check(path, 'sync');
      return file.sync();
    },
    close: () => file.close(),
  });

  return {
    read: (path, from, of) => files.read(path, from, of),
    size: (path) => files.size(path),
    identify: (path) => files.identify(path),
    append: async (path, content) => {
      check(path, 'write');
      return files.append(path, content);
    },
    watch: (path, changed) => files.watch(path, changed),
    readWhole: (path, max) => files.readWhole(path, max),
    list: (folder) => files.list(folder),
    remove: (path) => files.remove(path),
    truncate: (path, bytes) => files.truncate(path, bytes),
    lock: (path) => files.lock(path),
    writeAtomically: async (path, content) => {
      check(path, 'write');
      check(path, 'sync');
      return files.writeAtomically(path, content);
    },
    create: async (path) => {
      const full = faults.find(
        ({ fault, count }) => fault.kind === 'disk-full' && count >= fault.nth && path.includes(fault.target),
      );
      if (full !== undefined) check(path, 'write');
      return wrap(path, await files.create(path));
    },
    makeFolder: (path) => files.makeFolder(path),
    rename: (from, to) => files.rename(from, to),
    syncFolder: async (path) => {
      check(path, 'sync');
      return files.syncFolder(path);
    },
  };
}

const ERRNO: Readonly<Record<string, string>> = {
  'fail-write': 'EIO',
  'fail-sync': 'EIO',
  'torn-write': 'EIO',
  'disk-full': 'ENOSPC',
};

function failed(path: string, { kind }: FileFault): StreamError {
  const why = `${ERRNO[kind]} (a fault plan: ${kind})`;
  return new StreamError(
    'RG057',
    `'${path}' cannot be written: ${why}`,
    'check the folder, its permissions and the space left',
  );
}
