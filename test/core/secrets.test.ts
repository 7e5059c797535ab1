/** Tests of what is kept out of messages, logs and reports. */
import { expect, it } from 'vitest';
import { withoutSecrets } from '../../src/core/secrets.js';

it.each([
  ['http://me:hunter2@host/x?y=1', 'http://***@host/x?y=1'],
  ['out=https://hunter2@host', 'out=https://***@host'],
  ["'kafka://a:b@h:1/t' and 'kafka://c:d@h:2/t'", "'kafka://***@h:1/t' and 'kafka://***@h:2/t'"],
  ['http://h/?token=hunter2&x=1&api-key=hunter3', 'http://h/?token=***&x=1&api-key=***'],
  ['http://host/path@2 and a@b', 'http://host/path@2 and a@b'],
  ['file:orders.jsonl?format=json', 'file:orders.jsonl?format=json'],
])('%s is shown as %s', (text, shown) => {
  expect(withoutSecrets(text)).toBe(shown);
  expect(withoutSecrets(shown)).toBe(shown);
});

it('costs no more than the length of a text', () => {
  const long = `${'x'.repeat(2_000_000)}${'a://'.repeat(200_000)}`;
  expect(withoutSecrets(long)).toBe(long);
});
