// Package unused is linked by nobody.
package unused
