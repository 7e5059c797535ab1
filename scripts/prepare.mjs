/**
 * Makes a fresh clone ready to run: checks Node, installs what the lock file says when it is not there, and builds `dist`
 * when it is older than `src`. Plain JavaScript without dependencies, since it runs before anything is installed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { newestChangeMs } from './newest-change.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const oldestNode = [20, 19];

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) prepare();

/** Does nothing, and says nothing, when everything is in place already. */
export function prepare() {
  checkNode();
  if (!isInstalled()) {
    say('node_modules does not match package-lock.json: installing with npm ci');
    // Errors only: what npm warns of (Node 20, for packages of an optional Kafka client) is nothing that who begins could mend.
    runOrExit(npm(['ci', '--include=dev', '--ignore-scripts', '--loglevel=error']), 'npm ci failed');
  }
  if (!isBuilt()) {
    say('dist is older than src: building');
    runOrExit([process.execPath, join(root, 'scripts', 'build.mjs')], 'the build failed');
  }
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  say(`Node ${oldestNode.join('.')} or newer is needed, but this is Node ${process.versions.node}`);
  process.exit(5);
}

/** True when every package of the lock file is there in its version; npm keeps what it installed in a lock file of its own. */
function isInstalled() {
  const installedFile = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed[path];
    return found === undefined ? entry.optional === true : found.version === entry.version;
  });
}

function isBuilt() {
  const stamp = join(root, 'dist', '.built');
  if (!existsSync(stamp) || !existsSync(join(root, 'dist', 'cli', 'main.js'))) return false;
  const inputs = ['src', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
  return inputs.every((input) => newestChangeMs(join(root, input)) <= Number(readFileSync(stamp, 'utf8')));
}

function npm(args) {
  const script = process.env.npm_execpath;
  return script?.endsWith('.js') ? [process.execPath, script, ...args] : ['npm', ...args];
}

function runOrExit([command, ...args], failure) {
  // The child's standard output goes to our standard error: the standard output of `npm start` belongs to the results.
  const child = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell: command === 'npm' });
  if (child.status === 0) return;
  say(failure);
  process.exit(5);
}

function say(message) {
  process.stderr.write(`raingauge: ${message}\n`);
}
