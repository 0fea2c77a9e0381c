// Package web holds the pages.
package web

import "embed"

//go:embed pages README.md
var Pages embed.FS
