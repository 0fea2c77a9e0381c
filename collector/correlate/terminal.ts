/** Control characters, newlines among them, and what turns the direction of text. */
const ACTING = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/** One line for a terminal: names and log lines are text from strangers, which must not act on it. */
export function terminalLine(text: string): string {
  return text.replace(ACTING, ' ');
}
