package help

import _ "embed"

//go:embed *.md
var Usage string
