/** How many cases the tests try: few in `npm test`, more in CI, and all in `npm run test:long`. */

export const isLong = process.env['RAINGAUGE_LONG'] === '1';
/** CI has minutes that nobody waits for: what `npm test` tries in one mode, or stands for by another test, is tried there as well. */
export const isWide = isLong || process.env['RAINGAUGE_WIDE'] === '1';
