/** Folders that last as long as the test file that made them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const folders: string[] = [];

/** A new folder in `parent`, with this at the beginning of its name. */
export function folderOfFile(parent: string, prefix: string): string {
  const folder = mkdtempSync(join(parent, prefix));
  folders.push(folder);
  return folder;
}

/** Called when a test file has ended. */
export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}
