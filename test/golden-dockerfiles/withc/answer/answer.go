// Package answer is written in C.
package answer

// #cgo CFLAGS: -I${SRCDIR}/include
// #include "answer.h"
import "C"

// Get is the answer.
func Get() int { return int(C.answer()) }
