package main

import _ "embed"

//go:embed README.md
var readme string

func main() { print(readme) }
