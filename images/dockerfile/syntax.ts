// A Dockerfile as BuildKit's parser reads it, with the place of everything in the file.

/** `# syntax=`, `# escape=` and `# check=` at the head of a file. Source: https://docs.docker.com/reference/dockerfile/#parser-directives */
export type Directive = { name: string; value: string; line: number };

/** A comment line, its text from the `#` on. */
export type Comment = { line: number; text: string };

/** A flag of an instruction, `--from=build`; the value is undefined where no `=` follows. */
export type Flag = { name: string; value: string | undefined; line: number };

/** `<<EOF` and the lines that belong to it. Source: https://docs.docker.com/reference/dockerfile/#here-documents */
export type Heredoc = {
  name: string;
  /** Whether variables are expanded in it: its name is not quoted. */
  expand: boolean;
  /** `<<-`: leading tabs are taken off. */
  chomp: boolean;
  /** File descriptor in front of `<<`, 0 without one. */
  fd: number;
  content: string;
  /** The first line of the content, and the line of the terminator. */
  startLine: number;
  endLine: number;
};

/** A word of an instruction: as it is written, quotes and all, and the line that it begins on. */
type Word = { text: string; line: number };

/** One instruction with its continuation lines and here-documents. Lines count from 1. */
export type Instruction = {
  /** Lower case: `from`, `run`, … */
  keyword: string;
  /** As it is spelt in the file. */
  spelling: string;
  startLine: number;
  /** Of the last continuation line or here-document's end. */
  endLine: number;
  flags: readonly Flag[];
  /**
   * What stands behind keyword and flags: continuation lines joined without their escape character and comments, no white
   * space at both ends. Quotes and variables stay as they are.
   */
  args: string;
  /** The line in the file of the character of `args` at this index (UTF-16 units). */
  lineAt: (index: number) => number;
  /** `args` cut at white space outside quotes. */
  words: readonly Word[];
  /** The exec form, where `args` is a JSON array of strings. */
  json: readonly string[] | undefined;
  heredocs: readonly Heredoc[];
  /** What ONBUILD defers. */
  trigger: Instruction | undefined;
};

/** Something that BuildKit refuses, or would. */
export type SyntaxProblem = { line: number; message: string };

export type Dockerfile = {
  /** The file's lines without their ends. */
  lines: readonly string[];
  directives: readonly Directive[];
  /** The escape character: backslash, or the backtick where `# escape=` says so. */
  escapeToken: '\\' | '`';
  comments: readonly Comment[];
  instructions: readonly Instruction[];
  problems: readonly SyntaxProblem[];
};
