/** The password of a connection: from the environment only, so that it stands in no job, URI, plan or report. */
import { StreamError } from '../../core/errors.js';
import type { KafkaSasl } from './port.js';

/** Reads it. @throws StreamError `RG081` when the variable is not set. */
export function passwordOf({ passwordVariable, username }: KafkaSasl): string {
  const password = process.env[passwordVariable];
  if (password !== undefined && password !== '') return password;
  throw new StreamError(
    'RG081',
    `Kafka asks for the password of '${username}', and the environment variable ${passwordVariable} is not set`,
    `set it: export ${passwordVariable}=…`,
  );
}
