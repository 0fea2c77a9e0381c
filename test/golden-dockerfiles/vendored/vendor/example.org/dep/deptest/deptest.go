// Package deptest is for tests alone.
package deptest
