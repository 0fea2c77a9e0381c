// Package dep has a name.
package dep

// Name is its name.
const Name = "dep"
