import { heredocsOf } from './heredoc.ts';
import { type LogicalLine, LogicalLineReader, lineOf, splitKeyword } from './logical-lines.ts';
import { refusals } from './refusals.ts';
import type { Dockerfile, Flag, Heredoc, Instruction, SyntaxProblem } from './syntax.ts';
import { firstWord, isSpace, trimEnd } from './text.ts';
import { leadingFlags, quotedPieces, whitespacePieces } from './words.ts';

/** Instructions whose arguments BuildKit cuts at any white space, quoted or not. */
const cutEverywhere = new Set(['from', 'copy', 'add', 'expose', 'volume']);
const mayBeJson = new Set(['run', 'cmd', 'entrypoint', 'shell', 'copy', 'add', 'volume', 'healthcheck']);
const mayHaveHeredocs = new Set(['run', 'copy', 'add']);

/**
 * Reads a Dockerfile as BuildKit's parser does (moby/buildkit, frontend/dockerfile/parser), but never gives up: what it
 * refuses stands in `problems` with its line, and the rest is read as well as it can be. Never throws.
 */
export function parseDockerfile(text: string): Dockerfile {
  const problems: SyntaxProblem[] = [];
  const reader = new LogicalLineReader(text, problems);
  const instructions: Instruction[] = [];
  for (let line = reader.next(); line !== undefined; line = reader.next()) {
    const instruction = readInstruction(line, 0, reader.escapeToken, problems);
    const heredocs = readHeredocs(line, instruction, reader);
    instructions.push(withHeredocs(instruction, heredocs, reader.reader.line));
  }
  if (instructions.length === 0) problems.push({ line: 1, message: 'the file has no instructions' });
  problems.push(...refusals(instructions));
  problems.sort((a, b) => a.line - b.line);
  const { directives, comments, escapeToken } = reader;
  return { lines: reader.reader.lines, directives, escapeToken, comments, instructions, problems };
}

function readInstruction(
  line: LogicalLine,
  from: number,
  escapeToken: '\\' | '`',
  problems: SyntaxProblem[],
): Instruction {
  const head = splitKeyword(line.text.slice(from));
  const rest = from + head.rest;
  const { flags, end } = leadingFlags(line.text.slice(rest), escapeToken);
  let start = rest + end;
  while (start < line.text.length && isSpace(line.text[start]!)) start++;
  const args = trimEnd(line.text.slice(start));
  const keyword = head.keyword.toLowerCase();
  const lineAt = (index: number) => lineOf(line, start + index);
  const pieces = cutEverywhere.has(keyword) ? whitespacePieces(args) : quotedPieces(args, escapeToken);
  return {
    keyword,
    spelling: head.keyword,
    startLine: line.startLine,
    endLine: line.endLine,
    flags: flags.map(({ text, index }) => readFlag(text, lineOf(line, rest + index))),
    args,
    lineAt,
    words: pieces.map((piece) => ({ text: piece.text, line: lineAt(piece.index) })),
    json: mayBeJson.has(keyword) ? readJson(keyword, args, lineAt(0), problems) : undefined,
    heredocs: [],
    trigger:
      keyword === 'onbuild' && args !== '' && from === 0
        ? readInstruction(line, start, escapeToken, problems)
        : undefined,
  };
}

function readFlag(text: string, line: number): Flag {
  const [, name = '', value] = /^--([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
  return { name, value, line };
}

/** The exec form of an instruction, where it is one; HEALTHCHECK has it behind its CMD. */
function readJson(
  keyword: string,
  args: string,
  line: number,
  problems: SyntaxProblem[],
): readonly string[] | undefined {
  const text = keyword === 'healthcheck' ? firstWord(args).rest : args;
  if (!text.startsWith('[')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // BuildKit takes it for the shell form then.
  }
  if (!Array.isArray(value)) return undefined;
  if (value.every((item) => typeof item === 'string')) return value;
  problems.push({ line, message: 'an array in JSON syntax must hold strings only' });
  return undefined;
}

/** Reads the lines of every here-document that the line announces. */
function readHeredocs(line: LogicalLine, instruction: Instruction, reader: LogicalLineReader): Heredoc[] {
  const { keyword, json } = instruction.trigger ?? instruction;
  if (!mayHaveHeredocs.has(keyword) || json !== undefined) return [];
  return heredocsOf(line.text).map((start) => {
    const startLine = reader.reader.line + 1;
    const content: string[] = [];
    for (let text = reader.reader.next(); text !== undefined; text = reader.reader.next()) {
      const possibleEnd = start.chomp ? text.replace(/^\t+/, '') : text;
      if (possibleEnd === start.name) {
        return { ...start, content: content.join(''), startLine, endLine: reader.reader.line };
      }
      content.push(reader.reader.whole);
    }
    const endLine = reader.reader.lines.length;
    reader.problems.push({ line: line.startLine, message: `the here-document ${start.name} has no end` });
    return { ...start, content: content.join(''), startLine: Math.min(startLine, endLine), endLine };
  });
}

function withHeredocs(instruction: Instruction, heredocs: Heredoc[], endLine: number): Instruction {
  if (heredocs.length === 0) return instruction;
  const trigger = instruction.trigger && { ...instruction.trigger, heredocs, endLine };
  return { ...instruction, heredocs, endLine, trigger };
}
