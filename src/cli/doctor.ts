/** `raingauge doctor`: checks what measurements on this machine depend on. */
import { styleText } from 'node:util';
import { EXIT } from '../core/errors.js';
import { type Finding, machineFindings } from './machine-findings.js';
import { printOut } from './stdout.js';

/** Runs the command; it takes about two seconds. */
export async function doctorCommand(flags: { readonly json?: boolean }): Promise<number> {
  const findings = await machineFindings();
  printOut(
    flags.json === true ? JSON.stringify({ schema: 'raingauge/doctor@1', findings }, null, 2) : format(findings),
  );
  return findings.some((finding) => finding.state === 'bad') ? EXIT.environment : EXIT.ok;
}

const MARKS = { good: ['green', 'ok  '], warning: ['yellow', 'note'], bad: ['red', 'BAD '] } as const;

function format(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map((finding) => finding.name.length));
  const lines = findings.flatMap(({ name, state, value, hint }) => {
    const [colour, mark] = MARKS[state];
    const first = `${styleText(colour, mark, { stream: process.stdout })}  ${name.padEnd(width)}  ${value}`;
    return hint === undefined
      ? [first]
      : [first, `${' '.repeat(width + 8)}${styleText('dim', hint, { stream: process.stdout })}`];
  });
  return `${lines.join('\n')}\n`;
}
