/** The oldest Node that works, checked before anything else is loaded. */
import { StreamError } from '../core/errors.js';

/** The oldest major and minor version. */
export const OLDEST_NODE = [20, 19] as const;

/** @throws StreamError `RG051` for a Node that is too old. */
export function checkNode(version: string): void {
  if (isNodeSupported(version)) return;
  throw new StreamError(
    'RG051',
    `this is Node.js ${version}, but ${OLDEST_NODE.join('.')} or newer is needed`,
    'install a current Node.js from https://nodejs.org',
  );
}

/** True when this version of Node works. */
export function isNodeSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
}
