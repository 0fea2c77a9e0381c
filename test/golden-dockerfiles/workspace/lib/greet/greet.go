// Package greet greets.
package greet

// Hello is a greeting.
const Hello = "hello"
