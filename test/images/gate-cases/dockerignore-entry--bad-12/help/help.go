package help

import _ "embed"

//go:embed usage.md
var Usage string
