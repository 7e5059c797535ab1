/** Waits until a server listens, and says why it cannot. */
import type { Server } from 'node:net';
import { StreamError } from '../core/errors.js';

/** Resolves to the port. @throws StreamError `RG043`. */
export function listening(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException): void => reject(refused(host, port, cause));
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      resolve((server.address() as { readonly port: number }).port);
    });
  });
}

function refused(host: string, port: number, cause: NodeJS.ErrnoException): StreamError {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  switch (cause.code) {
    case 'EADDRINUSE':
      return new StreamError('RG043', `another program listens on ${address}`, 'use another port', { cause });
    case 'EACCES':
      return new StreamError('RG043', `this user may not listen on ${address}`, 'use a port from 1024 on', { cause });
    default:
      return new StreamError(
        'RG043',
        `nobody can listen on ${address}: ${cause.code ?? cause.message}`,
        'use an address of this machine',
        {
          cause,
        },
      );
  }
}
