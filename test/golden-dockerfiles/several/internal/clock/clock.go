// Package clock knows when days begin.
package clock

import "time"

// Midnight is the beginning of a day.
func Midnight(at time.Time) time.Time {
	year, month, day := at.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, at.Location())
}
