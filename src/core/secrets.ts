/** Keeps what only the other side may know out of messages, logs and reports. */

/** A scheme is short, and begins where a word does: so a long text costs no more than its length. */
const USER_INFO = /(?<![a-z0-9+.-])([a-z][a-z0-9+.-]{0,31}:\/\/)[^/?#\s'"]*@/gi;
const SECRET_OPTION = /([?&](?:password|passwd|secret|token|api[-_]?key|access[-_]?key|authorization)=)[^&\s'"]*/gi;

/** The text with `***` for the user and password of each URI in it, and for options such as `password=` and `token=`. */
export function withoutSecrets(text: string): string {
  return text.replace(USER_INFO, '$1***@').replace(SECRET_OPTION, '$1***');
}
