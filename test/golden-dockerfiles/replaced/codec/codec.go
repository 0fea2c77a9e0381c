// Package codec encodes.
package codec

import "encoding/hex"

// Encode writes text as hex.
func Encode(text string) string { return hex.EncodeToString([]byte(text)) }
