/** Ports for programs that must be told one: none that the system gives away by itself, and none that is taken. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { freePort, freePorts } from '../../../src/cli/kafka/free-port.js';

/** Where Linux takes the ports of outgoing connections from; elsewhere they are higher. */
const RANGE = '/proc/sys/net/ipv4/ip_local_port_range';

it('lie below the ports of outgoing connections', async () => {
  const lowest = existsSync(RANGE) ? Number(readFileSync(RANGE, 'utf8').split(/\s+/)[0]) : 32_768;
  let highest = 0;
  await freePort((min, max) => {
    highest = max;
    return min;
  });
  expect(highest).toBeLessThan(lowest);
  const [one, other] = await freePorts();
  expect(one).not.toBe(other);
});

it('are not those on which somebody listens', async () => {
  const taken = await freePort();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(taken, '127.0.0.1', resolve));
  const drawn = [taken, taken, taken + 1];
  try {
    const port = await freePort((min) => drawn.shift() ?? min);
    expect(port).not.toBe(taken);
    await expect(freePort(() => taken)).rejects.toMatchObject({
      code: 'RG043',
      message: 'no free port was found between 20000 and 32000, in 100 attempts',
    });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
