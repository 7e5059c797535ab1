/** One request of a webhook: what its answer means, and how long to wait before the next try. */
import { prng } from '../core/prng.js';
import { withoutSecrets } from '../core/secrets.js';

/** What came of a request. `again` and `refused` say in words what the other side did. */
export type Reply =
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly what: string }
  /** `retryAfter`: what the other side asks for (us). */
  | { readonly kind: 'again'; readonly what: string; readonly retryAfter?: number };

/** A request that is ready to be sent. */
export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly signal: AbortSignal;
}

/** The first wait (us); each is twice the one before, up to the longest. */
const DELAY = 200_000;
const DELAY_MAX = 30_000_000;
/** The longest wait that the other side can ask for (us). */
const RETRY_AFTER_MAX = 60_000_000;
/** Characters of an answer that are shown, and bytes of it that are read at all. */
const ANSWER_LENGTH_MAX = 200;
const ANSWER_BYTES_MAX = 4_096;

/** Sends it. Never rejects: no answer is an answer too. */
export async function replyTo({ url, headers, body, signal }: WebhookRequest): Promise<Reply> {
  const { href, authorization } = apart(url);
  try {
    const response = await fetch(href, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream', ...authorization, ...headers },
      body: new Uint8Array(body),
      redirect: 'manual',
      signal,
    });
    const { status } = response;
    const answer = await beginningOf(response);
    if (status >= 200 && status < 300) return { kind: 'taken' };
    const what = `answered ${status}${answer === '' ? '' : `: ${answer}`}`;
    const isForGood = status >= 300 && status < 500 && status !== 408 && status !== 429;
    if (isForGood) return { kind: 'refused', what };
    const retryAfter = retryAfterOf(response.headers.get('retry-after'));
    return { kind: 'again', what, ...(retryAfter === undefined ? {} : { retryAfter }) };
  } catch (cause) {
    return { kind: 'again', what: signal.aborted ? 'did not answer in time' : `did not answer: ${reasonOf(cause)}` };
  }
}

/** Between half of the wait and all of it, as attempt and batch say: two that failed together do not come back together. */
export function backOff(attempt: number, key: string): number {
  const longest = Math.min(DELAY_MAX, DELAY * 2 ** (attempt - 1));
  return Math.floor(longest * (0.5 + 0.5 * prng(attempt).fork(key).float()));
}

/** `fetch` takes no URL with a password in it. */
function apart(url: string): { readonly href: string; readonly authorization: Readonly<Record<string, string>> } {
  const parsed = new URL(url);
  const { username, password } = parsed;
  if (username === '' && password === '') return { href: url, authorization: {} };
  parsed.username = '';
  parsed.password = '';
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { href: parsed.href, authorization: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}

/** An answer may be of any length: the rest is not read. */
async function beginningOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  while (bytes < ANSWER_BYTES_MAX) {
    const { done, value } = await reader.read();
    if (done) return shortened(text);
    bytes += value.length;
    text += decoder.decode(value.subarray(0, ANSWER_BYTES_MAX), { stream: true });
  }
  await reader.cancel().catch(() => undefined);
  return shortened(text);
}

function shortened(text: string): string {
  const line = withoutSecrets(text.replaceAll(/\s+/g, ' ').trim());
  return line.length > ANSWER_LENGTH_MAX ? `${line.slice(0, ANSWER_LENGTH_MAX)}…` : line;
}

/** Only seconds: a date is of the other side's clock. */
function retryAfterOf(header: string | null): number | undefined {
  if (header === null || !/^\d+$/.test(header)) return undefined;
  return Math.min(RETRY_AFTER_MAX, Number(header) * 1_000_000);
}

function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const code = (inner as { readonly code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : withoutSecrets(inner instanceof Error ? inner.message : String(inner));
}
