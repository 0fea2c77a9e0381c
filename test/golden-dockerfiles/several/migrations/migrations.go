// Package migrations holds scripts.
package migrations

import _ "embed"

// First is the first of them.
//
//go:embed first.sh
var First string
