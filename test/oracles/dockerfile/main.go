// Tells how BuildKit reads Dockerfiles: the oracle that the tests of images/dockerfile/ compare with.
//
// Standard input is a JSON array of Dockerfiles, each a string, or {"base64":"…"} for bytes that are no UTF-8.
// Standard output is a JSON array with one answer for each, in the same order:
//
//	{
//	  "error": "…", "errorLine": 3,        of parser.Parse; nodes, escape and what follows are missing then
//	  "escape": "\\",
//	  "nodes": [{                          one for each instruction
//	    "keyword": "from",                 lower case
//	    "spelling": "FROM",
//	    "original": "FROM a AS b",         the logical line: continuation lines joined
//	    "startLine": 1, "endLine": 2,      from 1; endLine includes here-documents
//	    "flags": ["--platform=x"],         as written
//	    "json": false,                     the exec form
//	    "args": ["a", "AS", "b"],          values of the node's successors
//	    "heredocs": [{"name": "EOF", "fd": 0, "expand": true, "chomp": false, "content": "…"}],
//	    "comments": ["…"],                 comment lines straight above
//	    "child": {…}                       what ONBUILD defers, a node of the same shape
//	  }],
//	  "warnings": ["…"],                   of parser.Parse
//	  "parseError": "…",                   of instructions.Parse; stages and metaArgs are missing then
//	  "parseErrorLine": 3,
//	  "metaArgs": [{"key": "A", "value": "1"}],              ARG above the first FROM; value missing without `=`
//	  "stages": [{"name": "b", "base": "a", "platform": "x", "startLine": 1, "commands": ["run"]}],
//	  "syntax": "docker/dockerfile:1"      of the directive, where there is one
//	}
//
// `name` is empty for a stage without a name, and lower case. Exit code 1: standard input is no such array.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

type heredoc struct {
	Name    string `json:"name"`
	FD      uint   `json:"fd"`
	Expand  bool   `json:"expand"`
	Chomp   bool   `json:"chomp"`
	Content string `json:"content"`
}

type node struct {
	Keyword   string    `json:"keyword"`
	Spelling  string    `json:"spelling"`
	Original  string    `json:"original"`
	StartLine int       `json:"startLine"`
	EndLine   int       `json:"endLine"`
	Flags     []string  `json:"flags"`
	JSON      bool      `json:"json"`
	Args      []string  `json:"args"`
	Heredocs  []heredoc `json:"heredocs"`
	Comments  []string  `json:"comments"`
	Child     *node     `json:"child,omitempty"`
}

type metaArg struct {
	Key   string  `json:"key"`
	Value *string `json:"value,omitempty"`
}

type stage struct {
	Name      string   `json:"name"`
	Base      string   `json:"base"`
	Platform  string   `json:"platform"`
	StartLine int      `json:"startLine"`
	Commands  []string `json:"commands"`
}

type answer struct {
	Error          string    `json:"error,omitempty"`
	ErrorLine      int       `json:"errorLine,omitempty"`
	Escape         string    `json:"escape,omitempty"`
	Nodes          []node    `json:"nodes,omitempty"`
	Warnings       []string  `json:"warnings,omitempty"`
	ParseError     string    `json:"parseError,omitempty"`
	ParseErrorLine int       `json:"parseErrorLine,omitempty"`
	MetaArgs       []metaArg `json:"metaArgs,omitempty"`
	Stages         []stage   `json:"stages,omitempty"`
	Syntax         string    `json:"syntax,omitempty"`
}

func main() {
	if len(os.Args) > 1 {
		fmt.Println("dockerfile-oracle, with", buildkit())
		return
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "dockerfile-oracle:", err)
		os.Exit(1)
	}
}

func run() error {
	var files []json.RawMessage
	if err := json.NewDecoder(os.Stdin).Decode(&files); err != nil {
		return fmt.Errorf("standard input is no JSON array of Dockerfiles: %w", err)
	}
	answers := make([]answer, len(files))
	for i, raw := range files {
		dockerfile, err := bytesOf(raw)
		if err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
		answers[i] = parse(dockerfile)
	}
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	return out.Encode(answers)
}

func bytesOf(raw json.RawMessage) ([]byte, error) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return []byte(text), nil
	}
	var encoded struct {
		Base64 *string `json:"base64"`
	}
	if err := json.Unmarshal(raw, &encoded); err != nil || encoded.Base64 == nil {
		return nil, errors.New(`neither a string nor {"base64":…}`)
	}
	return base64.StdEncoding.DecodeString(*encoded.Base64)
}

// parse asks both layers of BuildKit; a panic of theirs is told as an error.
func parse(dockerfile []byte) (found answer) {
	defer func() {
		if problem := recover(); problem != nil {
			found.Error = fmt.Sprint("panic: ", problem)
		}
	}()
	result, err := parser.Parse(bytes.NewReader(dockerfile))
	if err != nil {
		return answer{Error: err.Error(), ErrorLine: lineOf(err)}
	}
	found.Escape = string(result.EscapeToken)
	for _, child := range result.AST.Children {
		found.Nodes = append(found.Nodes, convert(child))
	}
	for _, warning := range result.Warnings {
		found.Warnings = append(found.Warnings, warning.Short)
	}
	if syntax, _, _, ok := parser.DetectSyntax(dockerfile); ok {
		found.Syntax = syntax
	}
	found.instructions(result)
	return found
}

func (found *answer) instructions(result *parser.Result) {
	stages, metaArgs, err := instructions.Parse(result.AST, nil)
	if err != nil {
		found.ParseError, found.ParseErrorLine = err.Error(), lineOf(err)
		return
	}
	for _, command := range metaArgs {
		for _, arg := range command.Args {
			found.MetaArgs = append(found.MetaArgs, metaArg{arg.Key, arg.Value})
		}
	}
	for _, s := range stages {
		commands := []string{}
		for _, command := range s.Commands {
			commands = append(commands, strings.ToLower(command.Name()))
		}
		found.Stages = append(found.Stages, stage{s.Name, s.BaseName, s.Platform, s.Location[0].Start.Line, commands})
	}
}

func convert(from *parser.Node) node {
	to := node{
		Keyword:   strings.ToLower(from.Value),
		Spelling:  from.Value,
		Original:  from.Original,
		StartLine: from.StartLine,
		EndLine:   from.EndLine,
		Flags:     append([]string{}, from.Flags...),
		JSON:      from.Attributes["json"],
		Args:      []string{},
		Heredocs:  []heredoc{},
		Comments:  append([]string{}, from.PrevComment...),
	}
	for next := from.Next; next != nil; next = next.Next {
		if len(next.Children) > 0 {
			child := convert(next.Children[0])
			to.Child = &child
		} else {
			to.Args = append(to.Args, next.Value)
		}
	}
	for _, h := range from.Heredocs {
		to.Heredocs = append(to.Heredocs, heredoc{h.Name, h.FileDescriptor, h.Expand, h.Chomp, h.Content})
	}
	return to
}

// lineOf is the first line that an error of BuildKit's points at, or 0.
func lineOf(err error) int {
	var located *parser.LocationError
	if errors.As(err, &located) && len(located.Locations) > 0 && len(located.Locations[0]) > 0 {
		return located.Locations[0][0].Start.Line
	}
	return 0
}

func buildkit() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/moby/buildkit" {
				return module.Path + " " + module.Version
			}
		}
	}
	return "BuildKit of an unknown version"
}
