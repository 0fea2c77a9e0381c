// What stands in a RUN as a shell would read it: as much of it as rules ask for.

/** One word of a command. */
export type ShellWord = {
  /** As it is written, quotes and all. */
  text: string;
  /**
   * Quotes and escapes taken off. An expansion of any kind stands as `${VAR}`, whatever it is: nobody knows its value here.
   * Process substitutions and brace expansions stand for nothing.
   */
  literal: string;
  /** Whether an expansion is part of it, so that `literal` is not all of it. */
  expands: boolean;
  /** Where it begins in the shell's text, and the index behind it (UTF-16 units). */
  index: number;
  end: number;
};

/** `NAME=value` in front of a command, or alone. The value is a literal as in `ShellWord`. */
export type Assignment = { name: string; value: string };

/** What stands between a command and the one before it; empty for the first of a list. */
export type Connector = '' | '&&' | '||' | ';' | '&' | '|' | '\n';

/** One simple command, wherever it stands: in a list, a loop, a function, a substitution. */
export type ShellCommand = {
  /** The command's literal name as written, `apt-get` or `/bin/sh`; empty for bare assignments and where an expansion names it. */
  name: string;
  /** Literals of the words behind the first. Where `exec` or `command` stands in front, these hold the name too. */
  args: readonly string[];
  /** Names of the flags among `args`, dashes and values taken off: `-yq` gives `y` and `q`, `--quiet=2` gives `quiet`. */
  flags: readonly string[];
  /** Every word, the first included. */
  words: readonly ShellWord[];
  assignments: readonly Assignment[];
  index: number;
  end: number;
  connector: Connector;
  /** Place in its pipeline from 0. */
  position: number;
};

/** A whole shell text. */
export type Shell = {
  /** In the order they end, so that a substitution's stand in front of their own; none where the text is broken. */
  commands: readonly ShellCommand[];
  /** Pipelines of two commands and more. */
  pipelines: number;
  /** A construct is left open or a shell would refuse it. */
  broken: boolean;
};
