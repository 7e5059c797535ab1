/** Checks a command line of the docs against what `raingauge … --help` says. */

/** Prints the help of a command; the words are those of the command, none for the help of raingauge itself. */
export type HelpOf = (words: readonly string[]) => string | Promise<string>;

/** Says which command or option of a call the help does not know, in a sentence each. */
export async function commandLineProblems(words: readonly string[], helpOf: HelpOf): Promise<readonly string[]> {
  const command: string[] = [];
  let help = await helpOf([]);
  for (const word of words) {
    if (word.startsWith('-') || !hasCommands(help)) break;
    if (!isListed(help, word)) return command.length === 0 ? [`there is no command ${word}`] : [];
    command.push(word);
    help = await helpOf(command);
  }
  return words
    .filter((word) => /^--?[a-zA-Z]/.test(word))
    .map((word) => word.replace(/=.*/, ''))
    .filter((option) => !new RegExp(`(?:^|[\\s,|\\[])${option}(?![\\w-])`, 'm').test(help))
    .map((option) => `raingauge ${command.join(' ')} has no option ${option}`);
}

function hasCommands(help: string): boolean {
  return /^commands:/im.test(help);
}

function isListed(help: string, command: string): boolean {
  const listed = help.slice(help.search(/^commands:/im));
  return listed.split('\n').some((line) => line.trim().split(/[\s|[<]/)[0] === command);
}
