package main

import (
	"testing"

	"example.com/service/internal/webtest"
)

func TestPages(t *testing.T) { webtest.Check(t) }
