/** `raingauge init DIR`: a small project that runs and is tested. */
import { existsSync, mkdirSync, readdirSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { EXIT, StreamError } from '../core/errors.js';
import { isCheckout, packageRoot, version } from '../host/installation.js';
import { shortPath } from '../host/short-path.js';
import { projectFiles } from './project-files.js';
import { printOut } from './stdout.js';
import { UsageError } from './usage-error.js';

/** Runs the command. @throws UsageError `RG070` for a folder that is not empty. */
export async function initCommand(folder: string): Promise<number> {
  const root = resolve(folder);
  checkFolder(root, folder);
  write(root, projectFiles(projectName(root), dependencyOf(root)));
  const shown = shortPath(root);
  const go = shown === '' ? '' : `  cd ${shown}\n`;
  printOut(
    `made ${shown === '' ? 'a project here' : shown}\n\nnext:\n${go}  npm install\n  npm start        compares both modes on the example\n  npm test         tests the job on virtual time\n`,
  );
  return EXIT.ok;
}

function checkFolder(root: string, folder: string): void {
  if (!existsSync(root)) return;
  if (!statSync(root).isDirectory())
    throw new UsageError('RG070', `${folder} is a file`, 'name a folder that is new or empty', folder);
  const names = readdirSync(root).filter((name) => name !== '.git');
  if (names.length === 0) return;
  const some = names.slice(0, 3).join(', ');
  throw new UsageError(
    'RG070',
    `the folder ${folder} is not empty: it holds ${some}${names.length > 3 ? ' …' : ''}`,
    'name a folder that is new or empty; nothing was written',
    folder,
  );
}

function write(root: string, files: Readonly<Record<string, string>>): void {
  try {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content, { flag: 'wx' });
    }
  } catch (error) {
    throw new StreamError(
      'RG046',
      `the project cannot be written: ${(error as Error).message}`,
      'check the path and its permissions',
      { cause: error },
    );
  }
}

/** npm's rule for names: lower case, no blanks. */
function projectName(root: string): string {
  return (
    basename(root)
      .toLowerCase()
      .replace(/[^a-z0-9-~.]+/g, '-')
      .replace(/^[-.]+/, '') || 'streams'
  );
}

/** From a checkout the project depends on that folder, so that nothing must be published; else on this version. */
function dependencyOf(root: string): string {
  if (!isCheckout()) return version();
  // A link such as /tmp on macOS would make a relative path that leads elsewhere.
  const parent = existingParent(root);
  const from = join(realpathSync(parent), relative(parent, root));
  return `file:${relative(from, packageRoot).split(sep).join('/')}`;
}

function existingParent(path: string): string {
  return existsSync(path) ? path : existingParent(dirname(path));
}
