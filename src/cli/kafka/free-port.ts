/** A free port for a program that must be told one, and listens on it only later. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { StreamError } from '../../core/errors.js';

/**
 * Below 32768, where systems take the ports of outgoing connections from: one of those is gone again before a slow program comes to
 * listen on it, or while it is being started again.
 */
const PORT_MIN = 20_000;
const PORT_MAX = 32_000;
const ATTEMPTS_MAX = 100;

/**
 * A port of this machine that nobody listens on now, and that the system gives to nobody by itself.
 *
 * @param draw gives an integer of `[min, max)`.
 * @throws StreamError `RG043` when none is found.
 */
export async function freePort(draw: (min: number, max: number) => number = randomInt): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const port = draw(PORT_MIN, PORT_MAX);
    if (await isFree(port)) return port;
  }
  throw new StreamError(
    'RG043',
    `no free port was found between ${PORT_MIN} and ${PORT_MAX}, in ${ATTEMPTS_MAX} attempts`,
    'see which programs listen there: ss -ltn',
  );
}

/** Two of these, never the same. */
export async function freePorts(): Promise<readonly [number, number]> {
  const one = await freePort();
  for (;;) {
    const other = await freePort();
    if (other !== one) return [one, other];
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
