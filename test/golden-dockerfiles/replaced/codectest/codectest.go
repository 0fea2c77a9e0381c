// Package codectest is for tests alone.
package codectest

import "testing"

// Check checks nothing.
func Check(t *testing.T) { t.Helper() }
